import { randomBytes, randomUUID } from 'node:crypto'

const STOCK_BYTES = 4096

// Asking the system for a few bytes costs as much as asking for thousands. No digit is used twice.
let stock = ''
let used = 0

function randomHex (digits: number): string {
  if (used + digits > stock.length) {
    stock = randomBytes(STOCK_BYTES).toString('hex')
    used = 0
  }
  used += digits
  return stock.slice(used - digits, used)
}

const requestId = /^[\w.-]{8,64}$/
const trace = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})(?:$|-)/

/** The id that a client gave its request, if it is one that may stand in a log; else a new one. */
export function requestIdFrom (given: string | string[] | undefined): string {
  return typeof given === 'string' && requestId.test(given) ? given : randomUUID()
}

/** `traceparent` (W3C Trace Context) of our own span: in the trace that the request belongs to, or in a new one. */
export function traceparentFrom (given: string | string[] | undefined): string {
  const known = typeof given === 'string' ? trace.exec(given) : null
  // All zeros would mean no id at all; the first digit sees to it that they never are.
  const traceId = known?.[1] ?? `a${randomHex(31)}`
  return `00-${traceId}-b${randomHex(15)}-${known?.[2] ?? '00'}`
}
