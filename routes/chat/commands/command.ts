import type { Static, TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance } from 'fastify'
import { type CommandType, commands } from '../../../domain/chat/frames.js'
import { AppError } from '../../../domain/errors.js'
import { commandFaults } from '../../../domain/realtime/command-faults.js'
import type { Connection } from '../../../domain/realtime/connection.js'
import type { TaskLevel } from '../../../domain/timing.js'

type Input<T extends CommandType> = Static<typeof commands[T]>

/** What a command may do; its result is the `data` of the reply. */
export type Handle<T extends CommandType> = (app: FastifyInstance, peer: Connection, input: Input<T>) => unknown

export interface Command {
  readonly type: string
  /** As the log names it, and from which level on. */
  readonly task: string
  readonly level: TaskLevel
  /** @throws AppError where the input is none of this command */
  run: (app: FastifyInstance, peer: Connection, data: unknown) => Promise<unknown>
}

/** They come all the time and leave nothing behind. */
const signals = new Set<CommandType>(['pong', 'typing.set', 'presence.set'])

/** One command of the socket: its type, its name in the log, and what it does. Nobody but `auth` and `pong`
 *  runs before the socket is signed in. */
export function command<T extends CommandType> (type: T, task: string, handle: Handle<T>): Command {
  const schema: TSchema = commands[type]
  const check = TypeCompiler.Compile(commands[type])
  const isOpen = type === 'auth' || type === 'pong'

  return {
    type,
    task,
    level: signals.has(type) ? 'debug' : 'info',
    async run (app, peer, data) {
      if (!isOpen && !peer.isSignedIn()) throw new AppError('not_authenticated')
      const input = Value.Default(schema, data ?? {})
      if (!check.Check(input)) throw new AppError('validation_failed', { errors: commandFaults(check.Errors(input), peer.language) })
      return handle(app, peer, input)
    }
  }
}
