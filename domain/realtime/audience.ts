/** A user who is here: the sockets, and the conversations that the user is a member of. */
interface Present<P> {
  peers: Set<P>
  conversations: Set<string>
  /** While memberships are being read: those that changed meanwhile and must not be overwritten. */
  changed?: Set<string>
  loaded?: Promise<void>
}

/** Who listens to which conversation. Memberships are read once for a user who arrives, and follow the
 *  events from then on. */
export function createAudience<P extends { userId: string }> (conversationsOf: (userId: string) => Promise<Iterable<string>>) {
  const users = new Map<string, Present<P>>()
  const listeners = new Map<string, Set<P>>()
  /** The conversations that a socket listens to, so that it can leave. */
  const heard = new Map<P, Set<string>>()

  function listen (peer: P, conversation: string) {
    const conversations = heard.get(peer)
    if (conversations === undefined) return
    conversations.add(conversation)
    listeners.set(conversation, (listeners.get(conversation) ?? new Set<P>()).add(peer))
  }

  function ignore (peer: P, conversation: string) {
    heard.get(peer)?.delete(conversation)
    const peers = listeners.get(conversation)
    peers?.delete(peer)
    if (peers?.size === 0) listeners.delete(conversation)
  }

  async function load (userId: string, user: Present<P>) {
    const changed = user.changed = new Set<string>()
    try {
      for (const id of await conversationsOf(userId)) if (!changed.has(id)) user.conversations.add(id)
    } catch (err) {
      delete user.loaded
      throw err
    } finally {
      delete user.changed
    }
  }

  return {
    /** From here on the socket counts as one of its user's, and hears what is told to that user alone. */
    add (peer: P): void {
      const user: Present<P> = users.get(peer.userId) ?? { peers: new Set<P>(), conversations: new Set<string>() }
      users.set(peer.userId, user)
      user.peers.add(peer)
      heard.set(peer, new Set())
    },

    /** Once this resolves, a socket that was added hears of its user's conversations. */
    async enter (peer: P): Promise<void> {
      const user = users.get(peer.userId)
      if (user === undefined) return
      await (user.loaded ??= load(peer.userId, user))
      for (const conversation of user.conversations) listen(peer, conversation)
    },

    /** True where the user's last socket has left. */
    leave (peer: P): boolean {
      for (const conversation of [...heard.get(peer) ?? []]) ignore(peer, conversation)
      heard.delete(peer)
      const user = users.get(peer.userId)
      if (user === undefined || !user.peers.delete(peer) || user.peers.size > 0) return false
      return users.delete(peer.userId)
    },

    joined (userId: string, conversation: string): void {
      const user = users.get(userId)
      user?.conversations.add(conversation)
      user?.changed?.add(conversation)
      for (const peer of user?.peers ?? []) listen(peer, conversation)
    },

    left (userId: string, conversation: string): void {
      const user = users.get(userId)
      user?.conversations.delete(conversation)
      user?.changed?.add(conversation)
      for (const peer of user?.peers ?? []) ignore(peer, conversation)
    },

    /** The conversation is gone. */
    dissolve (conversation: string): void {
      for (const peer of [...listeners.get(conversation) ?? []]) {
        users.get(peer.userId)?.conversations.delete(conversation)
        users.get(peer.userId)?.changed?.add(conversation)
        ignore(peer, conversation)
      }
    },

    listen,
    ignore,
    listeners: (conversation: string): ReadonlySet<P> => listeners.get(conversation) ?? none,
    heardBy: (peer: P): ReadonlySet<string> => heard.get(peer) ?? none,
    peersOf: (userId: string): ReadonlySet<P> => users.get(userId)?.peers ?? none,
    isMember: (userId: string, conversation: string): boolean => users.get(userId)?.conversations.has(conversation) ?? false,

    share (oneId: string, otherId: string): boolean {
      const one = users.get(oneId)?.conversations ?? new Set<string>()
      const other = users.get(otherId)?.conversations ?? new Set<string>()
      const [few, many] = one.size < other.size ? [one, other] : [other, one]
      for (const conversation of few) if (many.has(conversation)) return true
      return false
    }
  }
}

const none: ReadonlySet<never> = new Set()
