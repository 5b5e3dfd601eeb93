import { Kind, type Static, type TSchema, Type, TypeRegistry } from '@sinclair/typebox'
import { choice, Id, nullable, page, PageQuery, Timestamp } from '../schema.js'
import { chatLimits } from './limits.js'

const closed = { additionalProperties: false }

export const conversationKinds = ['direct', 'group', 'channel'] as const
export const roles = ['owner', 'admin', 'member'] as const

export const Role = choice(roles, { description: 'owner may do everything, admin changes the conversation and its plain members' })
export type Role = Static<typeof Role>

/** Place of an entry in the log of a conversation: 1, 2, 3 ... without a gap. */
export const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Place in the log of the conversation: 1, 2, 3 ... without a gap' })
export const Version = Type.Integer({ minimum: 0, description: 'What `ETag` says; it grows with every change' })
const Ordinal = Type.Integer({ minimum: 0, description: 'Number of the newest message up to here, other entries not counted' })

// -- Messages ---------------------------------------------------------------------------------------

/** Messages have their own ids: the place in the log, then ten random characters. */
export const MessageId = Type.String({ pattern: '^[1-9][0-9]{0,15}-[0-9A-HJKMNP-TV-Z]{10}$', examples: ['42-7ZK3M9Q0XD'] })

const scalars = ['string', 'number', 'boolean']
TypeRegistry.Set('Scalar', (schema: TSchema, value) => schema.type.includes(value === null ? 'null' : typeof value))
const Scalar = Type.Unsafe<string | number | boolean>({ [Kind]: 'Scalar', type: scalars })
const ScalarOrNull = Type.Unsafe<string | number | boolean | null>({ [Kind]: 'Scalar', type: [...scalars, 'null'] })

// The first character is a letter or a digit, so `__proto__` is no key.
const MetadataKey = Type.String({ pattern: `^[A-Za-z0-9][A-Za-z0-9_.:-]{0,${chatLimits.metadataKeyLengthMax - 1}}$` })

export const Metadata = Type.Record(MetadataKey, Scalar, {
  ...closed, maxProperties: chatLimits.metadataKeysMax, description: `For programs; ${chatLimits.metadataBytesMax} bytes as JSON at most`
})
export type Metadata = Static<typeof Metadata>

const Text = Type.String({ minLength: 1, maxLength: chatLimits.textBytesMax, description: `${chatLimits.textBytesMax} bytes in UTF-8 at most`, examples: ['Hola, ¿qué tal?'] })
const Attachment = Type.Object({ id: Id })

/** Makes sending twice safe, for the life of the message. */
export const ClientId = Type.String({ minLength: 1, maxLength: chatLimits.clientIdLengthMax, pattern: '^[\\x21-\\x7e]+$', description: 'Chosen by the client: the same one is stored once' })

export const MessageKind = choice(['text'], { default: 'text' })

export const NewMessage = Type.Object({
  clientId: Type.Optional(ClientId),
  kind: Type.Optional(MessageKind),
  text: Text,
  attachments: Type.Optional(Type.Array(Attachment, { maxItems: chatLimits.attachmentsMax })),
  metadata: Type.Optional(Metadata)
}, { ...closed, title: 'NewMessage' })
export type NewMessage = Static<typeof NewMessage>

/** A merge patch: what is absent stays, null takes a key of the metadata (or all of them) away. */
export const MessageChange = Type.Object({
  text: Type.Optional(Text),
  metadata: Type.Optional(Type.Union([Type.Null(), Type.Record(MetadataKey, ScalarOrNull, { ...closed, maxProperties: 2 * chatLimits.metadataKeysMax })]))
}, { ...closed, title: 'MessageChange' })
export type MessageChange = Static<typeof MessageChange>

const messageFields = {
  id: MessageId,
  conversation: Id,
  seq: Seq,
  ordinal: Type.Integer({ minimum: 1, description: 'Number of this message among the messages' }),
  author: Id,
  kind: MessageKind,
  text: Type.String({ description: 'Empty once it was deleted' }),
  attachments: Type.Array(Attachment),
  metadata: Type.Record(Type.String(), Scalar),
  at: Timestamp,
  editedAt: nullable(Timestamp),
  deletedAt: nullable(Timestamp),
  clientId: Type.Optional(Type.String({ description: 'Only its author is told' })),
  version: Version
}

/** A message as clients see it. What was deleted keeps its place and loses its content. */
export const Message = Type.Object(messageFields, { title: 'Message' })
export type Message = Static<typeof Message>

export const MessagePage = page(Message)
export type MessagePage = Static<typeof MessagePage>

export const HistoryQuery = Type.Composite([PageQuery, Type.Object({
  before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Only messages before this seq, the newest of them' })),
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Only messages after this seq, the oldest of them' })),
  around: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Messages on both sides of this seq' }))
})], { ...closed, description: 'One of before, after, around and cursor; without any: the newest' })
export type HistoryQuery = Static<typeof HistoryQuery>

// -- Conversations ----------------------------------------------------------------------------------

export const ConversationKind = choice(conversationKinds, { description: 'direct: two people; group: by invitation; channel: everyone may read and join' })
export type ConversationKind = Static<typeof ConversationKind>

// No controls, no ends of lines, and nothing that turns the direction of the line that it is shown in.
const oneLine = '[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]'
const Name = Type.String({ minLength: 1, maxLength: chatLimits.nameLengthMax, pattern: `^(?=.*\\S)${oneLine}+$`, examples: ['Equipo'] })
const Topic = Type.String({ minLength: 1, maxLength: chatLimits.topicLengthMax, pattern: `^${oneLine}+$`, examples: ['Planes para el lunes'] })

export const NewConversation = Type.Object({
  kind: choice(['group', 'channel']),
  name: Name,
  topic: Type.Optional(nullable(Topic)),
  members: Type.Optional(Type.Array(Id, { maxItems: chatLimits.initialMembersMax, uniqueItems: true, description: 'Who is in it from the start, beside the caller' }))
}, { ...closed, title: 'NewConversation' })
export type NewConversation = Static<typeof NewConversation>

/** A merge patch. */
export const ConversationChange = Type.Object({
  name: Type.Optional(Name),
  topic: Type.Optional(nullable(Topic))
}, { ...closed, title: 'ConversationChange' })
export type ConversationChange = Static<typeof ConversationChange>

/** A conversation as the caller sees it. */
export const Conversation = Type.Object({
  id: Id,
  kind: ConversationKind,
  name: nullable(Type.String({ description: 'null in a direct conversation' })),
  topic: nullable(Type.String()),
  peer: nullable({ ...Id, description: 'The other one of a direct conversation' }),
  createdAt: Timestamp,
  createdBy: Id,
  members: Type.Integer({ minimum: 0, description: 'How many there are' }),
  head: { ...Seq, description: 'Seq of the newest entry' },
  ordinal: Ordinal,
  activeAt: { ...Timestamp, description: 'When the newest entry was made' },
  role: nullable(Role),
  readSeq: nullable({ ...Seq, description: 'How far the caller has read; null for whoever is no member' }),
  unread: Type.Integer({ minimum: 0, description: 'Messages after the read marker' }),
  version: { ...Version, description: 'What `ETag` says: the version of what PATCH can change' }
}, { title: 'Conversation' })
export type Conversation = Static<typeof Conversation>

export const ConversationPage = page(Conversation)
export type ConversationPage = Static<typeof ConversationPage>

export const scopes = ['mine', 'public'] as const
export const ConversationQuery = Type.Composite([PageQuery, Type.Object({
  scope: Type.Optional(choice(scopes, { default: 'mine', description: 'mine: where the caller is a member; public: all channels' }))
})], closed)
export type ConversationQuery = Static<typeof ConversationQuery>

// -- Members and read markers -----------------------------------------------------------------------

export const Member = Type.Object({ user: Id, role: Role, joinedAt: Timestamp, version: Version }, { title: 'Member' })
export type Member = Static<typeof Member>

export const MemberPage = page(Member)
export type MemberPage = Static<typeof MemberPage>

export const NewMember = Type.Object({ role: Type.Optional(Role) }, { ...closed, title: 'NewMember' })
export type NewMember = Static<typeof NewMember>

/** A PUT may come without a body: then it is a plain member, or stays what it is. */
export const NewMemberOrNone = nullable(NewMember)

export const MemberChange = Type.Object({ role: Role }, { ...closed, title: 'MemberChange' })
export type MemberChange = Static<typeof MemberChange>

export const NewRead = Type.Object({ seq: Seq }, { ...closed, title: 'NewRead' })
export type NewRead = Static<typeof NewRead>

/** Where the caller has read to. It never moves back. */
export const ReadState = Type.Object({
  conversation: Id,
  seq: Seq,
  ordinal: Ordinal,
  unread: Type.Integer({ minimum: 0 })
}, { title: 'ReadState' })
export type ReadState = Static<typeof ReadState>

// -- Paths ------------------------------------------------------------------------------------------

export const ConversationParams = Type.Object({ id: Id }, closed)
export const MemberParams = Type.Object({ id: Id, userId: Id }, closed)
export const MessageParams = Type.Object({ id: Id, messageId: MessageId }, closed)
export const PeerParams = Type.Object({ userId: Id }, closed)
