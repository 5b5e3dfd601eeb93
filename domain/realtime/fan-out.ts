import type { Delivery } from '../chat/event-schema.js'
import { encodeEvent } from '../chat/frames.js'
import type { Item } from './stream.js'

/** Whoever can be told something. */
export interface Reader { readonly userId: string, readonly stream: { put: (item: Item) => void } }

interface Readers<R extends Reader> {
  listeners: (conversation: string) => ReadonlySet<R>
  peersOf: (userId: string) => ReadonlySet<R>
  joined: (userId: string, conversation: string) => void
  left: (userId: string, conversation: string) => void
  dissolve: (conversation: string) => void
}

/** Brings each event to all who listen, in the order in which chat tells of it. It is made into bytes once,
 *  however many they are. */
export function createFanOut<R extends Reader> (readers: Readers<R>, onMembership: (userId: string) => void) {
  /** Whoever listens to a channel from outside and joins hears of it from their own log alone: no batch
   *  tells a user two things. */
  function listenersOf (conversation: string, { event }: Delivery): R[] {
    const listeners = [...readers.listeners(conversation)]
    if (event.type !== 'member.joined') return listeners
    const { user } = event.data
    return listeners.filter(({ userId }) => userId !== user)
  }

  /** Who listens from here on. */
  function follow ({ event, to }: Delivery) {
    if (event.type === 'conversation.deleted') readers.dissolve(event.conversation)
    if (!('user' in to)) return
    if (event.type === 'conversation.added') readers.joined(to.user, event.conversation)
    else if (event.type === 'conversation.removed') readers.left(to.user, event.conversation)
    else return
    onMembership(to.user)
  }

  return (delivery: Delivery): void => {
    const { event, own, sequence, to } = delivery
    const told = 'user' in to ? [...readers.peersOf(to.user)] : listenersOf(to.conversation, delivery)
    follow(delivery)
    if (told.length === 0) return
    const place = { sequence, conversation: event.conversation, seq: 'seq' in event ? event.seq : undefined }
    const item = { ...place, frame: encodeEvent(event) }
    const ownItem = own === undefined ? item : { ...place, frame: encodeEvent(own.event) }
    for (const reader of told) reader.stream.put(reader.userId === own?.user ? ownItem : item)
  }
}
