import type { Current, Entry, Key } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { requireMatch } from '../etags.js'
import { enterAsMember, look, placeKeys, type OwnPlace } from './access.js'
import { changedContent, newContent } from './content.js'
import { type ChatContext, timestamp } from './context.js'
import { decodeMarker, decodeSentAs, type Marker } from './documents.js'
import { keys } from './keys.js'
import { advance, append, type Content, decodeContent, decodeLogEntry, encodeMessage, type MessageEntry } from './log-entries.js'
import { messageId, randomPart, seqOf } from './message-id.js'
import type { Message, MessageChange, NewMessage } from './schema.js'
import { readMessage, signed, toMessage } from './views.js'

interface Found { value: MessageEntry, content: Content | null, version: number }
interface Rewritten { type: 'message.edited' | 'message.deleted', value: MessageEntry, content: Content | null }

/** Sending, changing and taking back. Everything is decided inside the commit, on the newest accepted
 *  state, so any number of senders get dense numbers without a retry. */
export function createMessages ({ store, now }: ChatContext) {
  /** Sent once already: the message as it is now, if it was sent with the same words. */
  async function repeated (conversation: string, seq: number, caller: Caller, fingerprint: string | undefined): Promise<Message> {
    const entry = await store.get(keys.log(conversation, seq))
    const message = entry === null ? null : readMessage(conversation, seq, entry, caller.userId)
    if (entry === null || message === null) throw new AppError('message_not_found')
    // Of a deleted message nothing is left to compare with: what was sent then was answered then.
    const first = decodeContent(entry)?.fingerprint
    if (first !== undefined && first !== fingerprint) throw new AppError('client_id_reused')
    return message
  }

  /** The message that an id names, for a caller who belongs to the conversation. */
  function find (current: Current, conversation: string, id: string, seq: number): Found {
    const entry = current.get(keys.log(conversation, seq))
    const value = entry === null ? null : decodeLogEntry(entry.value)
    if (entry === null || value?.type !== 'message.created' || value.id !== id) throw new AppError('message_not_found')
    return { value, content: decodeContent(entry), version: entry.version }
  }

  /** One commit about one message: who calls belongs to the conversation, and the message is there. */
  function about (caller: Caller, conversation: string, id: string, ifMatch: string | undefined,
    build: (place: OwnPlace, found: Found) => Rewritten | null): Promise<Message> {
    const seq = seqOf(id) ?? 0
    const at = timestamp(now())
    return store.commit([...placeKeys(conversation, caller.userId), keys.log(conversation, seq)], (current, sequence) => {
      const place = enterAsMember(current, conversation, caller.userId)
      const found = find(current, conversation, id, seq)
      requireMatch(ifMatch, found.version)
      const shown = (value: MessageEntry, content: Content | null, version: number) =>
        signed(toMessage(conversation, seq, value, content, version), content, caller.userId)
      const next = build(place, found)
      if (next === null) return { result: shown(found.value, found.content, found.version) }
      const { head, puts } = append(conversation, place.head, { sequence, at }, { type: next.type, by: caller.userId, ref: seq })
      return {
        puts: [encodeMessage(conversation, seq, next.value, next.content), { key: keys.head(conversation), value: head }, ...puts],
        result: shown(next.value, next.content, sequence)
      }
    })
  }

  return {
    /** Stores a message, once for each `clientId`, and moves the sender's own read marker past it. */
    async say (caller: Caller, conversation: string, input: NewMessage): Promise<{ message: Message, duplicate: boolean }> {
      const { userId } = caller
      const { clientId } = input
      const words = newContent(input)
      const fingerprint = clientId === undefined ? undefined : store.blind('message', JSON.stringify(words))
      const content = clientId === undefined || fingerprint === undefined ? words : { ...words, clientId, fingerprint }
      const sentAs: Key[] = clientId === undefined ? [] : [keys.clientId(conversation, userId, store.blind('client-id', clientId))]
      const random = randomPart()
      const at = timestamp(now())

      const sent = await store.commit<{ seq: number, message: Message | null }>([...placeKeys(conversation, userId), keys.read(conversation, userId), ...sentAs], (current, sequence) => {
        const place = enterAsMember(current, conversation, userId)
        const before = sentAs.map((key) => current.get(key))[0]
        if (before) return { result: { seq: decodeSentAs(before.value).seq, message: null } }
        const head = advance(place.head, { sequence, at }, 1)
        const seq = head.head
        const value: MessageEntry = { v: 1, type: 'message.created', id: messageId(seq, random), by: userId, at: head.at, sequence, ordinal: head.ordinal }
        return {
          puts: [
            { key: keys.head(conversation), value: head },
            encodeMessage(conversation, seq, value, content),
            { key: keys.read(conversation, userId), value: moved(current.get(keys.read(conversation, userId)), seq, head.ordinal) },
            ...sentAs.map((key) => ({ key, value: { v: 1, seq } }))
          ],
          result: { seq, message: signed(toMessage(conversation, seq, value, content, sequence), content, userId) }
        }
      })
      if (sent.message !== null) return { message: sent.message, duplicate: false }
      return { message: await repeated(conversation, sent.seq, caller, fingerprint), duplicate: true }
    },

    /** Changes what a message says. Only its author may. */
    edit (caller: Caller, conversation: string, id: string, change: MessageChange, ifMatch?: string): Promise<Message> {
      const editedAt = timestamp(now())
      return about(caller, conversation, id, ifMatch, (_place, { value, content }) => {
        if (value.by !== caller.userId) throw new AppError('forbidden')
        if (content === null) throw new AppError('message_deleted')
        const next = changedContent(content, change)
        return next === content ? null : { type: 'message.edited', value: { ...value, editedAt }, content: next }
      })
    },

    /** Takes a message back for everyone: its content goes, its place stays. Its author may, and whoever
     *  leads the conversation. Doing it again changes nothing. */
    remove (caller: Caller, conversation: string, id: string, ifMatch?: string): Promise<Message> {
      const deletedAt = timestamp(now())
      return about(caller, conversation, id, ifMatch, ({ member }, { value, content }) => {
        if (value.by !== caller.userId && member.role === 'member') throw new AppError('forbidden')
        return content === null ? null : { type: 'message.deleted', value: { ...value, deletedAt }, content: null }
      })
    },

    async message (caller: Caller, conversation: string, id: string): Promise<Message> {
      await look(store, conversation, caller.userId)
      const seq = seqOf(id)
      const entry = seq === null ? null : await store.get(keys.log(conversation, seq))
      const message = entry === null || seq === null ? null : readMessage(conversation, seq, entry, caller.userId)
      if (message?.id !== id) throw new AppError('message_not_found')
      return message
    }
  }
}

/** The marker after the sender's own message; the word of it in the personal log stays where it is. */
function moved (marker: Entry | null, seq: number, ordinal: number): Marker {
  const before = marker === null ? null : decodeMarker(marker.value)
  return { ...before, v: 1, seq, ordinal }
}
