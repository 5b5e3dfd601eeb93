import { type Static, Type } from '@sinclair/typebox'
import type { Entry, Put } from '../../storage/store.js'
import { documentReader } from '../document.js'
import { choice, nullable } from '../schema.js'
import { keys, ofConversation } from './keys.js'
import { conversationKinds, roles } from './schema.js'

/** The documents of chat as they are stored, all but the logs. `v` is the version of the schema. */

const v = Type.Literal(1)
const Count = Type.Integer({ minimum: 0 })
const Kind = choice(conversationKinds)

const ConversationValue = Type.Object({
  v,
  kind: Kind,
  createdAt: Type.String(),
  createdBy: Type.String(),
  /** The two of a direct conversation. */
  users: Type.Optional(Type.Tuple([Type.String(), Type.String()]))
})
const ConversationWords = Type.Object({ name: nullable(Type.String()), topic: nullable(Type.String()) })

export type StoredConversation = Static<typeof ConversationValue> & Static<typeof ConversationWords>

const readConversationValue = documentReader('conversation', ConversationValue)
const readConversationWords = documentReader('conversation', ConversationWords)

/** Where erasure took the words away they are null. */
export function decodeConversation (entry: Entry): StoredConversation {
  const words = entry.personal === null ? { name: null, topic: null } : readConversationWords(entry.personal)
  return { ...readConversationValue(entry.value), ...words }
}

export function encodeConversation (id: string, { name, topic, ...value }: StoredConversation): Put {
  if (name === null && topic === null) return { key: keys.conversation(id), value }
  return { key: keys.conversation(id), value, personal: { name, topic }, subjects: ofConversation(id) }
}

/** Where the log of a conversation stands, and all that a sender has to know of it. */
export const Head = Type.Object({
  v,
  kind: Kind,
  head: Count,
  /** Of the batch with the newest entry. */
  headSequence: Count,
  /** Number of the newest message. */
  ordinal: Count,
  at: Type.String(),
  members: Count,
  owners: Count,
  deletedAt: Type.Optional(Type.String())
})
export type Head = Static<typeof Head>

const StoredMember = Type.Object({ v, role: choice(roles), joinedAt: Type.String(), joinedSequence: Count })
export type StoredMember = Static<typeof StoredMember>

/** A read marker. `entry` is the place in the personal log that tells of it. */
const Marker = Type.Object({ v, seq: Count, ordinal: Count, entry: Type.Optional(Count) })
export type Marker = Static<typeof Marker>

/** Where the personal log of a user stands, and how many conversations the user is in. */
const PersonalHead = Type.Object({ v, head: Count, headSequence: Count, conversations: Count })
export type PersonalHead = Static<typeof PersonalHead>

const Direct = Type.Object({ v, conversation: Type.String() })
const SentAs = Type.Object({ v, seq: Count })

export const decodeHead = documentReader('head', Head)
export const decodeMember = documentReader('member', StoredMember)
export const decodeMarker = documentReader('marker', Marker)
export const decodePersonalHead = documentReader('personal', PersonalHead)
export const decodeDirect = documentReader('direct', Direct)
export const decodeSentAs = documentReader('client-id', SentAs)
