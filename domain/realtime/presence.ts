import type { Clock } from './clock.js'

export type Status = 'online' | 'away' | 'offline'

/** Whoever asked: one socket. */
export interface Watcher { userId: string }

export interface PresenceSource {
  status: (userId: string) => Status
  /** Whether two users who are here share a conversation. */
  share: (oneId: string, otherId: string) => boolean
}

/** Who is there, told to those who asked and share a conversation, merged per user. To all others everyone
 *  looks offline, so that asking tells nothing, not even that a user exists. */
export function createPresence<W extends Watcher> (clock: Clock, mergeMs: number, source: PresenceSource, tell: (watcher: W, userId: string, status: Status) => void) {
  /** By the user who is watched: each socket that asked, and what it was told last. */
  const watched = new Map<string, Map<W, Status>>()
  const asked = new Map<W, readonly string[]>()
  /** Users told of a short while ago; true where there has been a change since. */
  const recent = new Map<string, boolean>()

  const seenBy = (watcher: W, userId: string): Status =>
    watcher.userId === userId || source.share(watcher.userId, userId) ? source.status(userId) : 'offline'

  function flush (userId: string) {
    let wasTold = false
    for (const [watcher, before] of watched.get(userId) ?? []) {
      const status = seenBy(watcher, userId)
      if (status === before) continue
      watched.get(userId)?.set(watcher, status)
      tell(watcher, userId, status)
      wasTold = true
    }
    if (!wasTold) return
    recent.set(userId, false)
    clock.after(mergeMs, () => {
      const changed = recent.get(userId)
      recent.delete(userId)
      if (changed === true && watched.has(userId)) flush(userId)
    })
  }

  function forget (watcher: W) {
    for (const userId of asked.get(watcher) ?? []) {
      watched.get(userId)?.delete(watcher)
      if (watched.get(userId)?.size === 0) watched.delete(userId)
    }
    asked.delete(watcher)
  }

  function changed (userId: string) {
    if (!watched.has(userId)) return
    if (recent.has(userId)) recent.set(userId, true)
    else flush(userId)
  }

  return {
    /** Replaces the list of those whom this socket wants to know about; answers how they are now. */
    watch (watcher: W, userIds: readonly string[]): { user: string, status: Status }[] {
      forget(watcher)
      const users = [...new Set(userIds)]
      asked.set(watcher, users)
      return users.map((user) => {
        const status = seenBy(watcher, user)
        watched.set(user, (watched.get(user) ?? new Map<W, Status>()).set(watcher, status))
        return { user, status }
      })
    },

    /** Something about this user may look different now. */
    changed,

    /** This socket may see others differently now. */
    recheck (watcher: W): void {
      for (const userId of asked.get(watcher) ?? []) changed(userId)
    },

    forget
  }
}
