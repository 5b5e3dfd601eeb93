import type { Entry } from '../../storage/store.js'
import { decodeConversation, decodeMarker, type Head, type StoredMember } from './documents.js'
import { type Content, decodeContent, decodeLogEntry, type MessageEntry } from './log-entries.js'
import type { Conversation, Member, Message, ReadState } from './schema.js'

/** How stored documents look to clients. */

const nothing = { kind: 'text' as const, text: '', attachments: [], metadata: {} }

export function toMessage (conversation: string, seq: number, value: MessageEntry, content: Content | null, version: number): Message {
  const { kind, text, attachments, metadata } = content ?? nothing
  return {
    id: value.id,
    conversation,
    seq,
    ordinal: value.ordinal,
    author: value.by,
    kind,
    text,
    attachments,
    metadata,
    at: value.at,
    editedAt: value.editedAt ?? null,
    // Erasure of a person leaves no date: then it is the message's own.
    deletedAt: value.deletedAt ?? (content === null ? value.at : null),
    version
  }
}

/** The message at a place of the log as `viewer` sees it; null where that place holds another thing. */
export function readMessage (conversation: string, seq: number, entry: Entry, viewer?: string): Message | null {
  const value = decodeLogEntry(entry.value)
  if (value.type !== 'message.created') return null
  const content = decodeContent(entry)
  return signed(toMessage(conversation, seq, value, content, entry.version), content, viewer)
}

/** Adds what only the author is told. */
export function signed (message: Message, content: Content | null, viewer?: string): Message {
  const clientId = content?.clientId
  return clientId === undefined || message.author !== viewer ? message : { ...message, clientId }
}

/** @param read the read marker of `user` */
export function toConversation (id: string, entry: Entry, head: Head, user: string, member: StoredMember | null, read: Entry | null): Conversation {
  const { kind, name, topic, createdAt, createdBy, users } = decodeConversation(entry)
  const marker = read === null || member === null ? null : decodeMarker(read.value)
  return {
    id,
    kind,
    name,
    topic,
    peer: users?.find((each) => each !== user) ?? null,
    createdAt,
    createdBy,
    members: head.members,
    head: head.head,
    ordinal: head.ordinal,
    activeAt: head.at,
    role: member?.role ?? null,
    readSeq: marker?.seq ?? null,
    unread: marker === null ? 0 : head.ordinal - marker.ordinal,
    version: entry.version
  }
}

export const toMember = (user: string, { role, joinedAt }: StoredMember, version: number): Member => ({ user, role, joinedAt, version })

export const toReadState = (conversation: string, head: Head, { seq, ordinal }: { seq: number, ordinal: number }): ReadState =>
  ({ conversation, seq, ordinal, unread: head.ordinal - ordinal })
