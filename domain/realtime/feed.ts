import type { Store } from '../../storage/store.js'
import type { Chat } from '../chat/repository.js'
import type { ConversationPage } from '../chat/schema.js'
import { limits } from './limits.js'
import type { Feed } from './stream.js'

type ReadChat = Pick<Chat, 'conversationsOf' | 'eventsSince' | 'list'>

/** What the live side reads: positions of the store, and through chat all that a user may see. */
export function createFeed (store: Pick<Store, 'historyId' | 'sequence'>, chat: ReadChat): Feed & Pick<Chat, 'conversationsOf'> {
  return {
    get historyId () { return store.historyId },
    sequence: () => store.sequence,
    conversationsOf: chat.conversationsOf,
    eventsSince: chat.eventsSince,

    async * conversations (caller) {
      let cursor: string | null = null
      do {
        const { items, next }: ConversationPage = await chat.list(caller, { limit: limits.snapshotPageItems, ...(cursor !== null && { cursor }) })
        yield items
        cursor = next
      } while (cursor !== null)
    }
  }
}
