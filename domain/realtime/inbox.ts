import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { AppError, type FailureCode } from '../errors.js'
import type { Clock } from './clock.js'
import { limits, type RealtimeLimits } from './limits.js'
import { createBucket } from './rate.js'

/** What a client sends: `id` names the command in its reply. */
export const Command = Type.Object({
  id: Type.String({ minLength: 1, maxLength: limits.commandIdLengthMax, description: 'Comes back as `re` in the reply' }),
  type: Type.String({ minLength: 1, maxLength: 64 }),
  data: Type.Optional(Type.Unknown({ description: 'By the type of the command' }))
}, { additionalProperties: false, title: 'Command' })

export type Command = Static<typeof Command>

export interface InboxOptions {
  clock: Clock
  limits: RealtimeLimits
  /** As soon as a command is there, before those that came earlier have run. */
  onArrival: (command: Command) => void
  /** Runs one command and replies to it; never rejects. */
  run: (command: Command) => Promise<void>
  refuse: (re: string | null, error: AppError) => void
  hangUp: (code: FailureCode) => void
}

const command = TypeCompiler.Compile(Command)

/** The bounded way in of one socket: commands run one after the other, in the order of their arrival. */
export function createInbox ({ clock, limits, onArrival, run, refuse, hangUp }: InboxOptions) {
  const commands = createBucket({ burst: limits.commandsBurst, perSecond: limits.commandsPerSecond }, clock)
  const refusals = createBucket({ burst: limits.refusalsBurst, perSecond: limits.refusalsPerSecond }, clock)
  const badFrames = createBucket({ burst: limits.badFramesMax - 1, perSecond: 1 / 60 }, clock)
  let tail: Promise<void> = Promise.resolve()
  let waiting = 0
  let waitingCharacters = 0
  let refusing: FailureCode | undefined

  function turnAway (re: string | null, error: AppError) {
    refuse(re, error)
    if (refusals.take() > 0) hangUp('flooding')
  }

  function enqueue (frame: Command, characters: number) {
    waiting++
    waitingCharacters += characters
    tail = tail.then(async () => {
      waiting--
      waitingCharacters -= characters
      if (refusing === undefined) await run(frame)
      else refuse(frame.id, new AppError(refusing))
    })
  }

  const isFull = (characters: number) => waiting >= limits.commandsWaitingMax ||
    waitingCharacters + characters > limits.commandCharactersWaitingMax

  return {
    receive (text: string): void {
      const frame = parse(text)
      const retryAfterMs = commands.take()
      if (retryAfterMs > 0) return turnAway(idOf(frame), new AppError('rate_limited', { retryAfterMs }))
      if (!command.Check(frame)) return this.bad(idOf(frame), new AppError('frame_invalid'))
      onArrival(frame)
      if (isFull(text.length)) return turnAway(frame.id, new AppError('rate_limited', { retryAfterMs: 1000 }))
      enqueue(frame, text.length)
    },

    /** Answers a frame that is none of the protocol. The tenth closes the socket. */
    bad (re: string | null, error: AppError): void {
      refuse(re, error)
      if (badFrames.take() > 0) hangUp('too_many_bad_frames')
    },

    /** Runs something before the commands that come after; it never rejects. */
    first (work: () => Promise<void>): void {
      tail = tail.then(work)
    },

    /** From here on commands are only answered with this failure. */
    stop (code: FailureCode): void {
      refusing = code
    },

    /** Resolves when what is there has been answered. */
    idle: () => tail
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Even a bad frame may have an id by which its sender can tell what the answer is about. */
function idOf (frame: unknown): string | null {
  if (typeof frame !== 'object' || frame === null || !('id' in frame)) return null
  return typeof frame.id === 'string' && frame.id.length <= limits.commandIdLengthMax ? frame.id : null
}
