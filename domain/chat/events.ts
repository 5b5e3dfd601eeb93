import type { Entry, Key } from '../../storage/store.js'
import { encodePosition } from '../cursor.js'
import { decodeConversation } from './documents.js'
import type { LogEvent, PersonalEvent } from './event-schema.js'
import { keys } from './keys.js'
import { decodeLogEntry, type LogEntry, type PersonalEntry } from './log-entries.js'
import { readMessage } from './views.js'

/** How entries of the logs look to clients. An entry holds no words itself: those of its message or of
 *  its conversation are joined, as they are now. */

/** Where the words of an entry are, if it needs any. */
export function joinKey (conversation: string, seq: number, value: LogEntry): Key | null {
  switch (value.type) {
    case 'message.created': return keys.log(conversation, seq)
    case 'message.edited':
    case 'message.deleted': return keys.log(conversation, value.ref)
    case 'conversation.changed': return keys.conversation(conversation)
    default: return null
  }
}

/** @param joined what is at `joinKey`. Without it there is nothing to tell: null.
 *  @param viewer who is told of the clientId, as its author */
export function toLogEvent (historyId: string, conversation: string, seq: number, value: LogEntry, joined: Entry | null, viewer?: string): LogEvent | null {
  const { at, by } = value
  const place = { cursor: encodePosition(historyId, value.sequence), conversation, seq, at }
  const message = () => joined === null ? null : readMessage(conversation, 'ref' in value ? value.ref : seq, joined, viewer)
  switch (value.type) {
    case 'message.created':
    case 'message.edited': {
      const data = message()
      return data && { type: value.type, ...place, data }
    }
    case 'message.deleted': {
      const data = message()
      return data && { type: value.type, ...place, data: { ...data, by } }
    }
    case 'conversation.changed': {
      if (joined === null) return null
      const { name, topic } = decodeConversation(joined)
      return { type: value.type, ...place, data: { name, topic, by } }
    }
    case 'member.joined':
    case 'member.changed': return { type: value.type, ...place, data: { user: value.user, role: value.role, by } }
    case 'member.left': return { type: value.type, ...place, data: { user: value.user, by } }
    case 'conversation.deleted': return { type: value.type, ...place, data: { by } }
  }
}

export function toPersonalEvent (historyId: string, value: PersonalEntry): PersonalEvent {
  const { conversation, at } = value
  const place = { cursor: encodePosition(historyId, value.sequence), conversation, at }
  switch (value.type) {
    case 'conversation.added': return { type: value.type, ...place, data: { kind: value.kind, role: value.role } }
    case 'conversation.removed': return { type: value.type, ...place, data: { reason: value.reason } }
    case 'read.updated': return { type: value.type, ...place, data: { seq: value.seq, ordinal: value.ordinal } }
  }
}

/** For reading outside of a batch: the event of one row of a log, with what it needs. */
export async function loadLogEvent (store: { historyId: string, get (key: Key): Promise<Entry | null> }, conversation: string, seq: number, entry: Entry, viewer: string): Promise<LogEvent | null> {
  const value = decodeLogEntry(entry.value)
  const key = joinKey(conversation, seq, value)
  const joined = key === null ? null : value.type === 'message.created' ? entry : await store.get(key)
  return toLogEvent(store.historyId, conversation, seq, value, joined, viewer)
}
