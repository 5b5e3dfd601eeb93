import { randomUUID } from 'node:crypto'

const requestId = /^[\w.-]{8,64}$/
const trace = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})(?:$|-)/

/** The id that a client gave its request, if it is one that may stand in a log; else a new one. */
export function requestIdFrom (given: string | string[] | undefined): string {
  return typeof given === 'string' && requestId.test(given) ? given : randomUUID()
}

/** `traceparent` (W3C Trace Context) of our own span: in the trace that the request belongs to, or in a new one. */
export function traceparentFrom (given: string | string[] | undefined): string {
  const known = typeof given === 'string' ? trace.exec(given) : null
  // Random bytes by way of UUIDs: Node keeps a stock of those, so that they cost next to nothing.
  const traceId = known?.[1] ?? randomUUID().replaceAll('-', '')
  return `00-${traceId}-${randomUUID().slice(19).replace('-', '')}-${known?.[2] ?? '00'}`
}
