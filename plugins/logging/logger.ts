import { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify'
import { type DestinationStream, type LoggerOptions, pino } from 'pino'
import type { Config } from '../../domain/system/config.js'
import { failureCode } from '../../domain/timing.js'
import { levelName, type LogEntry, loggerName, oneLine, seedLine, terminalLine } from './line.js'
import { openLogFile, openStdout, type Output } from './output.js'
import { errorText, safeFields, secretNames, withoutQueries } from './privacy.js'

const pinoLevels: Record<Config['LOG_LEVEL'], string> = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error', CRITICAL: 'fatal' }

/** The outputs of this process: flushed before it ends, reopened when log files are rotated. */
const outputs = new Set<Output>()

export interface LoggerChoices {
  /** Where lines go instead of standard output. */
  stdout?: Output
  /** Whether a person sees them. */
  terminal?: boolean
}

/** The one logger. Each entry goes to `app.log` as a line of the seed's shape, and to standard output as
 *  the configuration asks. Nothing that a client sent is in it: see ./privacy.ts. */
export function createLogger (config: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT' | 'LOGS_PATH'>, choices: LoggerChoices = {}): FastifyBaseLogger {
  const file = openLogFile(config.LOGS_PATH)
  const stdout = choices.stdout ?? openStdout()
  const terminal = choices.terminal ?? (process.stdout.isTTY && process.stdout.hasColors())
  outputs.add(file).add(stdout)

  const isJson = config.LOG_FORMAT === 'json'

  const writeEntry = (entry: LogEntry): void => {
    const line = seedLine(entry)
    file.write(line)
    if (!isJson) stdout.write(terminal ? terminalLine(entry) : line)
  }
  const write = (json: string): void => {
    writeEntry(JSON.parse(json))
    if (isJson) stdout.write(`${oneLine(json.trimEnd())}\n`)
  }
  return pino(options(pinoLevels[config.LOG_LEVEL], isJson ? null : writeEntry), { write } satisfies DestinationStream)
}

/** `writeBare`: takes the lines of everyday work as they are; they have no fields, so the way through JSON
 *  and back, which is most of what a line costs, can be left out. */
function options (level: string, writeBare: ((entry: LogEntry) => void) | null): LoggerOptions {
  return {
    level,
    base: { logger: loggerName },
    // Fields of single entries pass safeFields; the bindings of child loggers only this list.
    redact: { paths: secretNames.map((name) => `["${name}"]`), censor: '[oculto]' },
    formatters: { level: (label) => ({ level: levelName(label) }), log: safeFields },
    // safeFields has reduced these already; without own ones Fastify would add its own.
    serializers: { err: asItIs, req: asItIs, res: asItIs },
    hooks: { logMethod: writeBare === null ? logMethod : bareFirst(writeBare) }
  }
}

const asItIs = (value: unknown): unknown => value

type LogMethod = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>

// Children have no bindings but the request's id, which these levels leave out.
const bareLevelMax = pino.levels.values['info'] ?? 30

const bareFirst = (writeBare: (entry: LogEntry) => void): LogMethod => function (args, method, level) {
  const [text] = args
  if (args.length > 1 || typeof text !== 'string' || level > bareLevelMax) return logMethod.call(this, args, method, level)
  writeBare({ level: levelName(pino.levels.labels[level] ?? 'info'), time: Date.now(), msg: withoutQueries(text) })
}

/** An error without words, or with its own message for words, gets neutral ones: pino and Fastify would
 *  print the message. */
const logMethod: LogMethod = function (args, method) {
  const words: unknown[] = args
  const [first, second] = words
  const err = errorOf(first)
  if (err !== undefined && (typeof second !== 'string' || second === err.message)) {
    words[0] = first instanceof Error ? { err } : first
    words[1] = errorText(err)
  }
  for (const place of [0, 1]) {
    const text = words[place]
    if (typeof text === 'string') words[place] = withoutQueries(text)
  }
  Reflect.apply(method, this, words)
}

function errorOf (value: unknown): Error | undefined {
  if (value instanceof Error) return value
  return typeof value === 'object' && value !== null && 'err' in value && value.err instanceof Error ? value.err : undefined
}

/** Resolves when everything logged so far has left the process. */
export const flushLogs = async (): Promise<void> => { await Promise.all([...outputs].map((output) => output.flush())) }

/** Opens `app.log` by its name again: call it after the file was moved away. */
export const reopenLogs = (): void => { for (const output of outputs) output.reopen() }

/** What Fastify itself logs about requests: nothing by habit, for each use case writes its own line and the
 *  error handler logs what it answers; real failures in the house's words. */
export function createLogController (): LogController {
  const silent = (): void => {}
  return Object.assign(new LogController({ requestIdLogLabel: 'requestId' }), {
    incomingRequest: silent,
    requestCompleted: silent,
    routeNotFound: silent,
    defaultErrorLog: silent,
    serviceUnavailable: silent,
    streamError (err: Error, { log }: FastifyRequest) {
      if (failureCode(err) === 'ERR_STREAM_PREMATURE_CLOSE') log.debug('El cliente cerró antes de recibir toda la respuesta')
      else log.warn({ err }, 'La respuesta se cortó a la mitad')
    },
    writeHeadError (err: Error, { log }: FastifyRequest) { log.warn({ err }, 'Las cabeceras de la respuesta no son válidas') },
    serializerError (err: Error, { log }: FastifyRequest) { log.error({ err }, 'La respuesta no pudo serializarse') }
  })
}
