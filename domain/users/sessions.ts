import type { Store } from '../../storage/index.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { createBounded } from './bounded.js'
import { load, type SessionDocument, sessionDocuments as documents, userSessionsDocuments as lists } from './documents.js'
import { limits } from './limits.js'
import { readRefreshToken } from './refresh-tokens.js'
import type { Session } from './schema.js'
import { closing, renewal, viewSession } from './session-rules.js'

export type Sessions = ReturnType<typeof createSessions>

/** Sign-ins: who has which, how they are renewed, and how they end. A session that ended is deleted, and
 *  with it where it came from. */
export function createSessions (store: Store, now: () => number = Date.now) {
  const live = createBounded<true>(limits.liveSessionsMax)
  const listeners = new Set<(sessionId: string) => void>()
  let endings = 0

  function ended (sessionId: string): void {
    endings++
    live.forget(sessionId)
    for (const listener of listeners) listener(sessionId)
  }

  const close = store.subscribe(({ changes }) => {
    for (const { key: [collection, id], entry } of changes) {
      if (collection === 'sessions' && entry === null) ended(String(id))
    }
  })

  async function lookUp (sessionId: string): Promise<boolean> {
    const before = endings
    const there = await read(sessionId) !== null
    // Had any session ended meanwhile, it might be this one: true now, but nothing to remember.
    if (there && endings === before) live.set(sessionId, true)
    return there
  }

  async function read (sessionId: string): Promise<SessionDocument | null> {
    const session = await load(store, documents, sessionId)
    return session !== null && session.expiresAt > now() ? session : null
  }

  return {
    close,

    /** Tells of each session that ended, as soon as that is durable. Returns the end of the watch. */
    watch (listener: (sessionId: string) => void): () => void {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },

    /** Whether the session has not ended; at once where it was asked before. */
    isLive: (sessionId: string): boolean | Promise<boolean> => live.get(sessionId) ?? lookUp(sessionId),

    /** The sessions of who asks, oldest first. */
    async list (caller: Caller): Promise<Session[]> {
      const list = await load(store, lists, caller.userId)
      const sessions = await Promise.all((list?.sessions ?? []).map(read))
      return sessions.flatMap((session) => session === null ? [] : [viewSession(session, caller)])
    },

    /** One of the caller's own.
     *  @throws session_not_found */
    async one (caller: Caller, sessionId: string): Promise<Session> {
      const session = await read(sessionId)
      if (session?.userId !== caller.userId) throw new AppError('session_not_found')
      return viewSession(session, caller)
    },

    /** Ends all of the caller's sessions but the one that asks. */
    async endOthers ({ userId, sessionId }: Caller): Promise<void> {
      const list = lists.key(userId)
      await store.commit([list], (current) => {
        const present = lists.read(userId, current.get(list))
        const others = present?.sessions.filter((id) => id !== sessionId) ?? []
        return others.length === 0 ? { result: undefined } : { ...closing(present, others), result: undefined }
      })
    },

    /** Ends one of the caller's own sessions. Somebody else's is not theirs to know of.
     *  @throws session_not_found */
    async end ({ userId }: Caller, sessionId: string): Promise<void> {
      const list = lists.key(userId)
      const session = documents.key(sessionId)
      await store.commit([list, session], (current) => {
        if (documents.read(sessionId, current.get(session))?.userId !== userId) throw new AppError('session_not_found')
        return { ...closing(lists.read(userId, current.get(list)), [sessionId]), result: undefined }
      })
    },

    /** Takes a refresh token for the next one (see `renewal`).
     *  @throws refresh_token_invalid, refresh_token_reused */
    async renew (text: string): Promise<SessionDocument> {
      const token = readRefreshToken(text)
      if (token === null) throw new AppError('refresh_token_invalid')
      const found = await load(store, documents, token.sessionId)
      if (found === null) throw new AppError('refresh_token_invalid')
      const [key, list] = [documents.key(found.id), lists.key(found.userId)]
      const at = now()
      const session = await store.commit([key, list], (current) =>
        renewal(documents.read(found.id, current.get(key)), lists.read(found.userId, current.get(list)), token, at))
      if (session === null) throw new AppError('refresh_token_reused')
      return session
    }
  }
}
