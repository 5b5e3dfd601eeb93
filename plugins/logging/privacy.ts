import { StoreError } from '../../storage/index.js'
import { failureCode } from '../../domain/timing.js'
import { ownNames } from './line.js'

const limits = { depthMax: 4, itemsMax: 20, stringCharactersMax: 500, framesMax: 12, causesMax: 3 }
const hidden = '[oculto]'

/** Fields whose values never reach a log, at whatever depth and in whatever case. */
export const secretNames = [
  'authorization', 'cookie', 'set-cookie', 'headers', 'rawHeaders', 'body', 'payload', 'query', 'querystring', 'params',
  'password', 'newPassword', 'oldPassword', 'currentPassword', 'passphrase', 'secret', 'hash', 'salt',
  'token', 'accessToken', 'refreshToken', 'jwt', 'key', 'privateKey', 'masterKey', 'ENCRYPTION_KEY', 'ENCRYPTION_PASSPHRASE',
  'text', 'message', 'content', 'data', 'frame', 'metadata', 'attachments', 'topic', 'title',
  'name', 'username', 'displayName', 'personal', 'value', 'userAgent'
]
const secrets = new Set(secretNames.map((name) => name.toLowerCase()))

/** A copy of the fields of a log entry that is safe to write: secrets hidden, errors and requests reduced to
 *  what is known to be harmless, everything bounded. */
export function safeFields (fields: object): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (!ownNames.has(name)) safe[name] = safeField(name, value, 0)
  }
  return safe
}

function safeField (name: string, value: unknown, depth: number): unknown {
  if (secrets.has(name.toLowerCase())) return value === undefined ? undefined : hidden
  return safeValue(value, depth)
}

function safeValue (value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutQueries(value.slice(0, limits.stringCharactersMax))
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return safeError(value)
  if (isRequest(value)) return { method: value.method, url: withoutQueries(value.url) }
  if (isReply(value)) return { statusCode: value.statusCode }
  if (depth >= limits.depthMax) return '[...]'
  if (Array.isArray(value)) return value.slice(0, limits.itemsMax).map((item) => safeValue(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`
  return Object.fromEntries(Object.entries(value).slice(0, limits.itemsMax).map(([name, inner]) => [name, safeField(name, inner, depth + 1)]))
}

const isRequest = (value: object): value is { method: string, url: string } =>
  'method' in value && typeof value.method === 'string' && 'url' in value && typeof value.url === 'string'

const isReply = (value: object): value is { statusCode: number } =>
  'statusCode' in value && typeof value.statusCode === 'number' && Object.getPrototypeOf(value) !== Object.prototype

/** A text with the query strings of its URLs cut off: a client may have put anything there. */
export function withoutQueries (text: string): string {
  return text.includes('?') ? text.replace(/(\/[^\s?"']*)\?[^\s"']*/g, '$1') : text
}

/** What is logged of an error: type, code, place, hint and stack, and its causes alike; never its message
 *  nor other properties. Messages quote what they are about, be it a body that is no JSON or a value of the
 *  wrong type; those of our own errors say no more than their code and place do. */
export function safeError (err: Error, causesLeft = limits.causesMax): Record<string, unknown> {
  return {
    type: err.constructor.name,
    code: failureCode(err),
    ...(err instanceof StoreError ? { place: err.place, hint: err.hint } : systemCall(err)),
    stack: frames(err),
    cause: err.cause instanceof Error && causesLeft > 0 ? safeError(err.cause, causesLeft - 1) : undefined
  }
}

/** A failed system call names no user's data: files have opaque names. */
function systemCall (err: Error): Record<string, unknown> {
  if (!('syscall' in err && 'errno' in err) || typeof err.errno !== 'number') return {}
  return { errno: err.errno, syscall: err.syscall, path: 'path' in err ? err.path : undefined }
}

/** The frames alone. The message stands before them and may have lines that look like one, so it is cut off by
 *  its length; where the stack does not begin with it (somebody changed one of them), nothing is trusted. */
function frames ({ stack = '', message }: Error): string[] {
  const start = /^[\w$]*(?: \[\w+\])?(?:: )?/.exec(stack)?.[0].length ?? 0
  if (!stack.startsWith(message, start)) return []
  const lines = stack.slice(start + message.length).split('\n')
  return lines.filter((line) => /^ {4}at ./.test(line)).slice(0, limits.framesMax).map((line) => line.slice(7))
}

/** What stands for the message of an error that was logged without words of our own. */
export const errorText = (err: Error): string => `Error inesperado: ${failureCode(err)}`
