import type { Clock } from './clock.js'

export interface TypingOptions { typingShownMs: number, typingRenewMs: number }

interface Typing { toldAt: number, cancel: () => void }

/** Who is typing where. Nothing of it is stored; whoever says nothing more is forgotten by itself. */
export function createTyping (clock: Clock, options: TypingOptions, tell: (conversation: string, userId: string, on: boolean) => void) {
  const users = new Map<string, Map<string, Typing>>()

  function stop (userId: string, conversation: string) {
    const typing = users.get(userId)?.get(conversation)
    if (typing === undefined) return
    forget(userId, conversation, typing)
    tell(conversation, userId, false)
  }

  function forget (userId: string, conversation: string, typing: Typing) {
    typing.cancel()
    users.get(userId)?.delete(conversation)
    if (users.get(userId)?.size === 0) users.delete(userId)
  }

  return {
    /** Typing on is told again only after a while, and counts from then. */
    start (userId: string, conversation: string): void {
      const before = users.get(userId)?.get(conversation)
      if (before !== undefined && clock.now() - before.toldAt < options.typingRenewMs) return
      before?.cancel()
      const cancel = clock.after(options.typingShownMs, () => stop(userId, conversation))
      const conversations = users.get(userId) ?? new Map<string, Typing>()
      users.set(userId, conversations.set(conversation, { toldAt: clock.now(), cancel }))
      tell(conversation, userId, true)
    },

    stop,

    /** The user has gone. */
    stopAll (userId: string): void {
      for (const conversation of [...users.get(userId)?.keys() ?? []]) stop(userId, conversation)
    }
  }
}
