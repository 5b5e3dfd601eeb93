import { randomBytes } from 'node:crypto'
import type { Change } from '../../storage/index.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { newId } from '../ids.js'
import { type SessionDocument, sessionDocuments as documents, type UserSessionsDocument, userSessionsDocuments as lists } from './documents.js'
import { limits } from './limits.js'
import { isAuthentic, type RefreshToken } from './refresh-tokens.js'
import type { Session } from './schema.js'

/** Where a sign-in comes from, as the transport sees it. */
export interface Device { userAgent: string, address: string }

type Changes = Required<Pick<Change<void>, 'puts' | 'deletes'>>

/** A new session of a user, not yet stored. */
export function draftSession (userId: string, { userAgent, address }: Device, at: number): SessionDocument {
  return {
    id: newId(),
    userId,
    createdAt: at,
    usedAt: at,
    rotatedAt: at,
    expiresAt: at + limits.refreshTokenMs,
    counter: 0,
    refreshKey: randomBytes(32).toString('base64url'),
    userAgent: userAgent.slice(0, limits.userAgentLengthMax),
    address: address.slice(0, limits.addressLengthMax)
  }
}

/** What a commit writes to open a session. Whoever has too many loses the oldest. */
export function opening (list: UserSessionsDocument | null, session: SessionDocument): Changes {
  const all = [...list?.sessions ?? [], session.id]
  const surplus = all.slice(0, -limits.sessionsPerUserMax)
  return {
    puts: [documents.put(session), lists.put({ id: session.userId, sessions: all.slice(-limits.sessionsPerUserMax) })],
    deletes: surplus.map(documents.key)
  }
}

/** What a commit writes to end sessions of one user. */
export function closing (list: UserSessionsDocument | null, ended: readonly string[]): Changes {
  const left = list?.sessions.filter((id) => !ended.includes(id)) ?? []
  return { puts: list === null ? [] : [lists.put({ id: list.id, sessions: left })], deletes: ended.map(documents.key) }
}

/** What a refresh token does to its session. The newest token moves it on. The one before the newest gives
 *  the same answer again for a short while, since an answer may be lost and two requests may run at once.
 *  An older one was copied: the session ends, whoever holds it, and the result is null (to end it has to
 *  be written, and an error would write nothing).
 *  @throws refresh_token_invalid */
export function renewal (session: SessionDocument | null, list: UserSessionsDocument | null, token: RefreshToken, at: number): Change<SessionDocument | null> {
  if (session === null || session.expiresAt <= at || !isAuthentic(token, session.refreshKey)) throw new AppError('refresh_token_invalid')
  // Ours, but newer than all we know: the store was rolled back since.
  if (token.counter > session.counter) throw new AppError('refresh_token_invalid')
  if (token.counter === session.counter) {
    const next = turn(session, at)
    return { puts: [documents.put(next)], result: next }
  }
  const lost = token.counter === session.counter - 1 && at - session.rotatedAt <= limits.refreshGraceMs
  return lost ? { result: session } : { ...closing(list, [session.id]), result: null }
}

/** One use more: it lives another while from now, but never past its last day. */
function turn (session: SessionDocument, at: number): SessionDocument {
  const expiresAt = Math.min(at + limits.refreshTokenMs, session.createdAt + limits.sessionMs)
  return { ...session, counter: session.counter + 1, usedAt: at, rotatedAt: at, expiresAt }
}

/** A session as its owner sees it. */
export function viewSession ({ id, createdAt, usedAt, expiresAt, userAgent, address }: SessionDocument, caller: Caller): Session {
  const time = (at: number): string => new Date(at).toISOString()
  return { id, createdAt: time(createdAt), usedAt: time(usedAt), expiresAt: time(expiresAt), userAgent, address, current: id === caller.sessionId }
}
