import type { Batch, Entry, Key } from '../../storage/store.js'
import type { ChatContext } from './context.js'
import type { Delivery, LogEvent } from './event-schema.js'
import { joinKey, toLogEvent, toPersonalEvent } from './events.js'
import { lastPart } from './keys.js'
import { decodeLogEntry, decodePersonalEntry } from './log-entries.js'

/** Tells of every durable new entry, once and in commit order. */
export function createWatch ({ store }: ChatContext) {
  return {
    /** The listener is called synchronously. Returns the end of it. */
    watch (listener: (delivery: Delivery) => void): () => void {
      return store.subscribe((batch) => {
        for (const delivery of deliveries(store.historyId, batch)) listener(delivery)
      })
    }
  }
}

/** What one batch tells whom. Losing a conversation is told before the others hear of it and gaining one
 *  after, so that a hub which follows these two never tells anyone of what happened while they were out. */
export function deliveries (historyId: string, batch: Batch): Delivery[] {
  const removed: Delivery[] = []
  const logged: Delivery[] = []
  const others: Delivery[] = []
  for (const change of batch.changes) {
    if (change.key[0] === 'log') logged.push(...toLogDelivery(historyId, batch, change.key, change.entry))
    if (change.key[0] === 'personal-log') {
      for (const delivery of toPersonalDelivery(historyId, batch, change.key, change.entry)) {
        (delivery.event.type === 'conversation.removed' ? removed : others).push(delivery)
      }
    }
  }
  return [...removed, ...logged, ...others]
}

/** An entry that this batch only rewrote is no news: the entry that says so is in the batch as well. */
function toLogDelivery (historyId: string, batch: Batch, key: Key, entry: Entry | null): Delivery[] {
  const value = entry === null ? null : decodeLogEntry(entry.value)
  if (value?.sequence !== batch.sequence) return []
  const conversation = String(key[1])
  const seq = Number(key[2])
  const event = toLogEvent(historyId, conversation, seq, value, joinedIn(batch, joinKey(conversation, seq, value)), value.by)
  return event === null ? [] : [{ sequence: batch.sequence, to: { conversation }, ...forEach(event) }]
}

/** What only the author may see goes to the author alone. */
function forEach (event: LogEvent): Pick<Delivery, 'event' | 'own'> {
  if (event.type !== 'message.created' && event.type !== 'message.edited') return { event }
  const { clientId, ...data } = event.data
  return clientId === undefined ? { event } : { event: { ...event, data }, own: { user: data.author, event } }
}

function toPersonalDelivery (historyId: string, batch: Batch, key: Key, entry: Entry | null): Delivery[] {
  const value = entry === null ? null : decodePersonalEntry(entry.value)
  if (value?.sequence !== batch.sequence) return []
  return [{ sequence: batch.sequence, event: toPersonalEvent(historyId, value), to: { user: String(key[1]) } }]
}

function joinedIn (batch: Batch, key: Key | null): Entry | null {
  if (key === null) return null
  return batch.changes.find((change) => change.key[0] === key[0] && change.key[1] === key[1] && lastPart(change.key) === lastPart(key))?.entry ?? null
}
