import { type Static, Type } from '@sinclair/typebox'
import type { Entry, Put } from '../../storage/store.js'
import { documentReader } from '../document.js'
import { choice } from '../schema.js'
import type { Head, PersonalHead } from './documents.js'
import { removalReasons } from './event-schema.js'
import { keys, ofMessage } from './keys.js'
import { conversationKinds, Message, roles } from './schema.js'

/** Entries of the two kinds of log as they are stored. `sequence` is that of the batch that appended the
 *  entry, whatever rewrote it since; `ordinal` is the number of the newest message up to here. */

const Count = Type.Integer({ minimum: 0 })
const Text = Type.String()
const common = { v: Type.Literal(1), at: Text, sequence: Count }
const logged = { ...common, ordinal: Count, by: Text }
const Role = choice(roles)

const MessageEntry = Type.Object({
  ...logged, type: Type.Literal('message.created'), id: Text, editedAt: Type.Optional(Text), deletedAt: Type.Optional(Text)
})
export type MessageEntry = Static<typeof MessageEntry>

/** `ref` is the seq of the message: what it says now stands there and nowhere else. */
const LogEntry = Type.Union([
  MessageEntry,
  Type.Object({ ...logged, type: Type.Literal('message.edited'), ref: Count }),
  Type.Object({ ...logged, type: Type.Literal('message.deleted'), ref: Count }),
  Type.Object({ ...logged, type: Type.Literal('member.joined'), user: Text, role: Role }),
  Type.Object({ ...logged, type: Type.Literal('member.left'), user: Text }),
  Type.Object({ ...logged, type: Type.Literal('member.changed'), user: Text, role: Role }),
  Type.Object({ ...logged, type: Type.Literal('conversation.changed') }),
  Type.Object({ ...logged, type: Type.Literal('conversation.deleted') })
])
export type LogEntry = Static<typeof LogEntry>

/** What a message says: the part that deletion takes away. `fingerprint` is that of what was first sent. */
const Content = Type.Composite([
  Type.Pick(Message, ['kind', 'text', 'attachments', 'metadata']),
  Type.Object({ clientId: Type.Optional(Text), fingerprint: Type.Optional(Text) })
])
export type Content = Static<typeof Content>

const PersonalEntry = Type.Union([
  Type.Object({ ...common, type: Type.Literal('conversation.added'), conversation: Text, kind: choice(conversationKinds), role: Role }),
  Type.Object({ ...common, type: Type.Literal('conversation.removed'), conversation: Text, reason: choice(removalReasons) }),
  Type.Object({ ...common, type: Type.Literal('read.updated'), conversation: Text, seq: Count, ordinal: Count })
])
export type PersonalEntry = Static<typeof PersonalEntry>

export const decodeLogEntry = documentReader('log', LogEntry)
export const decodePersonalEntry = documentReader('personal-log', PersonalEntry)
const readContent = documentReader('message', Content)

/** null where the message was deleted or erased. */
export const decodeContent = (entry: Entry): Content | null => entry.personal === null ? null : readContent(entry.personal)

export function encodeMessage (conversation: string, seq: number, value: MessageEntry, content: Content | null): Put {
  const key = keys.log(conversation, seq)
  return content === null ? { key, value } : { key, value, personal: content, subjects: ofMessage(conversation, value.by) }
}

/** The batch that appends, and the time it was asked for. */
export interface Moment { sequence: number, at: string }

type Draft<T> = T extends unknown ? Omit<T, keyof typeof logged> & { by: string } : never
type PersonalDraft = PersonalEntry extends infer T ? T extends unknown ? Omit<T, keyof typeof common> : never : never

/** The log does not run backwards in time, even where the clock does. */
const later = (at: string, than: string): string => at > than ? at : than

/** Where the log stands with one more entry. `counts` is 1 where the entry is a message. */
export function advance (head: Head, { sequence, at }: Moment, counts: 0 | 1): Head {
  return { ...head, head: head.head + 1, headSequence: sequence, ordinal: head.ordinal + counts, at: later(at, head.at) }
}

/** Appends anything but a message. The new head is still to be put, once for each batch. */
export function append (conversation: string, head: Head, moment: Moment, draft: Draft<Exclude<LogEntry, MessageEntry>>): { head: Head, puts: Put[] } {
  const next = advance(head, moment, 0)
  const value = { ...draft, v: 1 as const, sequence: moment.sequence, at: next.at, ordinal: next.ordinal } satisfies LogEntry
  return { head: next, puts: [{ key: keys.log(conversation, next.head), value }] }
}

export const noPersonalHead: PersonalHead = { v: 1, head: 0, headSequence: 0, conversations: 0 }

/** Appends to the log of one user, and says where it stands then. `joined` is how many conversations more
 *  the user is in. */
export function appendPersonal (user: string, personal: PersonalHead, { sequence, at }: Moment, draft: PersonalDraft, joined: -1 | 0 | 1 = 0): Put[] {
  const head = personal.head + 1
  const value = { ...draft, v: 1 as const, sequence, at } satisfies PersonalEntry
  const next = { v: 1 as const, head, headSequence: sequence, conversations: Math.max(0, personal.conversations + joined) } satisfies PersonalHead
  return [{ key: keys.personalLog(user, head), value }, { key: keys.personal(user), value: next }]
}
