import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a refresh token says: which session, and the how-manyeth token of it this is. */
export interface RefreshToken { sessionId: string, counter: number, mac: Buffer }

const shape = /^nxr_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.(0|[1-9]\d{0,9})\.([\w-]{43})$/

/** The token number `counter` of a session: always the same text, so that it can be given again. */
export function writeRefreshToken (sessionId: string, counter: number, key: string): string {
  return `nxr_${sessionId}.${counter}.${sign(sessionId, counter, key).toString('base64url')}`
}

/** What the text claims, or null where it can't be one of ours. Nothing is believed yet: see `isAuthentic`. */
export function readRefreshToken (text: string): RefreshToken | null {
  const [, sessionId, counter, mac] = shape.exec(text) ?? []
  if (sessionId === undefined || mac === undefined) return null
  return { sessionId, counter: Number(counter), mac: Buffer.from(mac, 'base64url') }
}

/** Whether we wrote it, by the key of its session. */
export function isAuthentic ({ sessionId, counter, mac }: RefreshToken, key: string): boolean {
  return timingSafeEqual(mac, sign(sessionId, counter, key))
}

function sign (sessionId: string, counter: number, key: string): Buffer {
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(`${sessionId}.${counter}`).digest()
}
