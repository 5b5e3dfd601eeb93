/** One log entry as pino wrote it. */
export type LogEntry = Record<string, unknown>

const names: Record<string, string> = {
  trace: 'DEBUG', debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR', fatal: 'CRITICAL'
}

/** The name that Python gives to one of pino's levels. */
export const levelName = (label: string): string => names[label] ?? 'INFO'

// Line ends, control characters and escapes to a terminal, and marks that change the order of reading.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
const unsafeAll = new RegExp(unsafe, 'gu')
const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The same text with everything visible that could end a line, hide in it or disguise it. Inside JSON the
 *  result is still JSON of the same value. */
export function oneLine (text: string): string {
  if (!unsafe.test(text)) return text
  return text.replace(unsafeAll, (mark) => short[mark] ?? `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const two = (n: number): string => String(n).padStart(2, '0')
let second = -1
let secondText = ''

/** Local time as `2025-11-10 14:20:01`. Lines come in bursts, so the last second is remembered. */
export function localTime (ms: number): string {
  const now = Math.floor(ms / 1000)
  if (now === second) return secondText
  const date = new Date(ms)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  second = now
  secondText = `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return secondText
}

/** The fields that pino writes itself; those of an entry can't take their place. */
export const ownNames: ReadonlySet<string> = new Set(['level', 'time', 'logger', 'msg'])
export const loggerName = 'app_logger'

// Which request it was matters where something went wrong; the lines of everyday work stay bare.
const bareLevels = new Set(['DEBUG', 'INFO'])

function fieldText (value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value
  return JSON.stringify(value) ?? 'null'
}

/** The fields behind the message, as ` key=value`. */
export function fieldsText (entry: LogEntry): string {
  let text = ''
  for (const name in entry) {
    if (ownNames.has(name) || (name === 'requestId' && bareLevels.has(String(entry.level)))) continue
    text += ` ${oneLine(name)}=${oneLine(fieldText(entry[name]))}`
  }
  return text
}

/** `2025-11-10 14:20:01 - INFO - [app_logger] - Message`, and the fields behind it. */
export function seedLine (entry: LogEntry): string {
  const message = typeof entry.msg === 'string' ? oneLine(entry.msg) : ''
  return `${localTime(Number(entry.time))} - ${entry.level} - [${loggerName}] - ${message}${fieldsText(entry)}\n`
}

const colours: Record<string, number> = { DEBUG: 90, INFO: 32, WARNING: 33, ERROR: 31, CRITICAL: 35 }

/** The same for a person at a terminal: the level in colour, the frames of an error below. */
export function terminalLine (entry: LogEntry): string {
  const { err, ...rest } = entry
  const frames = isRecord(err) && Array.isArray(err.stack) ? err.stack : []
  const shown = isRecord(err) ? { ...rest, err: { ...err, stack: undefined } } : rest
  const coloured = seedLine(shown).replace(`- ${entry.level} -`, `- \u001b[${colours[String(entry.level)] ?? 39}m${entry.level}\u001b[39m -`)
  return coloured + frames.map((frame) => `    at ${oneLine(String(frame))}\n`).join('')
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
