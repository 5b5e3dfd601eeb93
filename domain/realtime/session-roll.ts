import { AppError } from '../errors.js'
import type { Identity } from './connection.js'

/** Which sockets are here by which session, so that they go when it ends. */
export function createSessionRoll<M extends { caller: { sessionId: string } }> (verify: (token: string) => Promise<Identity>) {
  const sessions = new Map<string, Set<M>>()
  /** Sessions that end while a token is being looked at. */
  const verifying = new Set<Set<string>>()

  function add (member: M) {
    const { sessionId } = member.caller
    sessions.set(sessionId, (sessions.get(sessionId) ?? new Set<M>()).add(member))
  }

  return {
    /** Looks at a token and puts on the roll whom `admit` makes of it, both in one turn: a session that ends
     *  at any time either is seen to have ended or finds its sockets here. */
    async enroll (token: string, admit: (identity: Identity) => M): Promise<M> {
      const ended = new Set<string>()
      verifying.add(ended)
      try {
        const identity = await verify(token)
        if (ended.has(identity.caller.sessionId)) throw new AppError('session_ended')
        const member = admit(identity)
        add(member)
        return member
      } finally {
        verifying.delete(ended)
      }
    },

    remove (member: M): void {
      const { sessionId } = member.caller
      sessions.get(sessionId)?.delete(member)
      if (sessions.get(sessionId)?.size === 0) sessions.delete(sessionId)
    },

    /** Tells who was here by a session that has ended. */
    end (sessionId: string): M[] {
      for (const ended of verifying) ended.add(sessionId)
      return [...sessions.get(sessionId) ?? []]
    },

    count: () => sessions.size
  }
}
