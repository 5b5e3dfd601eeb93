import type { Store } from '../../storage/store.js'
import type { ChatContext, KnownUsers } from './context.js'
import { createConversations } from './conversations.js'
import { createHistory } from './history.js'
import { createMembers } from './members.js'
import { createMessages } from './messages.js'
import { createPurge } from './purge.js'
import { createReads } from './reads.js'
import { createResume } from './resume.js'
import { createWatch } from './watch.js'

export type { KnownUsers } from './context.js'
export type { Replay, SequencedEvent } from './resume.js'

export type ChatOptions = Partial<Pick<ChatContext, 'now' | 'defer'>>

export type Chat = ReturnType<typeof createChat>

/** All that may be done in conversations, the same for REST and for sockets: each verb checks for itself
 *  what its caller may do. */
export function createChat (store: Store, users: KnownUsers, { now = Date.now, defer = unwatched }: ChatOptions = {}) {
  const context: ChatContext = { store, users, now, defer }
  const conversations = createConversations(context)
  return {
    ...conversations,
    ...createMembers(context, conversations.one),
    ...createMessages(context),
    ...createHistory(context),
    ...createReads(context),
    ...createResume(context),
    ...createWatch(context),
    ...createPurge(context)
  }
}

/** Whoever gives no `defer` learns nothing of a failure; `purge` takes up what was left. */
function unwatched (_task: string, work: () => Promise<void>): void {
  work().catch(() => {})
}
