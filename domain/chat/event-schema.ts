import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { choice, Id, nullable, page, PageQuery, Timestamp } from '../schema.js'
import { ConversationKind, Message, Role, Seq } from './schema.js'

const By = { ...Id, description: 'Who did it' }

const title = (type: string) => type.split('.').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')

/** One shape of event: what every event says of itself, then its data. */
function event<const T extends string, P extends TProperties, D extends TSchema> (type: T, place: P, data: D) {
  return Type.Object({
    type: Type.Literal(type),
    cursor: Type.String({ description: 'Where to resume after this event' }),
    conversation: Id,
    ...place,
    at: Timestamp,
    data
  }, { title: title(type) })
}

/** An entry of a conversation's log; all its members hear of it. */
const logged = <const T extends string, D extends TSchema>(type: T, data: D) => event(type, { seq: Seq }, data)

/** An entry of one user's own log; only the devices of that user hear of it. */
const personal = <const T extends string, D extends TSchema>(type: T, data: D) => event(type, {}, data)

export const removalReasons = ['left', 'removed', 'deleted'] as const
export const RemovalReason = choice(removalReasons)
export type RemovalReason = Static<typeof RemovalReason>

/** Every event of chat, by its type. Message events carry the message as it is now. */
export const chatEvents = {
  'message.created': logged('message.created', Message),
  'message.edited': logged('message.edited', Message),
  'message.deleted': logged('message.deleted', Type.Composite([Message, Type.Object({ by: By })])),
  'member.joined': logged('member.joined', Type.Object({ user: Id, role: Role, by: By })),
  'member.left': logged('member.left', Type.Object({ user: Id, by: By })),
  'member.changed': logged('member.changed', Type.Object({ user: Id, role: Role, by: By })),
  'conversation.changed': logged('conversation.changed', Type.Object({ name: nullable(Type.String()), topic: nullable(Type.String()), by: By })),
  'conversation.deleted': logged('conversation.deleted', Type.Object({ by: By })),
  'conversation.added': personal('conversation.added', Type.Object({ kind: ConversationKind, role: Role })),
  'conversation.removed': personal('conversation.removed', Type.Object({ reason: RemovalReason })),
  'read.updated': personal('read.updated', Type.Object({ seq: Seq, ordinal: Type.Integer({ minimum: 0 }) }))
}

/** Entries of a conversation's log. */
export const LogEvent = Type.Union([
  chatEvents['message.created'], chatEvents['message.edited'], chatEvents['message.deleted'],
  chatEvents['member.joined'], chatEvents['member.left'], chatEvents['member.changed'],
  chatEvents['conversation.changed'], chatEvents['conversation.deleted']
], { title: 'LogEvent' })
export type LogEvent = Static<typeof LogEvent>

/** Entries of a user's own log. */
export const PersonalEvent = Type.Union([
  chatEvents['conversation.added'], chatEvents['conversation.removed'], chatEvents['read.updated']
], { title: 'PersonalEvent' })
export type PersonalEvent = Static<typeof PersonalEvent>

export type ChatEvent = LogEvent | PersonalEvent

export const EventPage = page(LogEvent)
export type EventPage = Static<typeof EventPage>

export const EventQuery = Type.Composite([PageQuery, Type.Object({
  after: Type.Optional({ ...Seq, description: 'Only entries after this seq' })
})], { additionalProperties: false })
export type EventQuery = Static<typeof EventQuery>

/** One event on its way to the sockets. `own` is the same event as the devices of its author see it. */
export interface Delivery {
  sequence: number
  event: ChatEvent
  to: { conversation: string } | { user: string }
  own?: { user: string, event: ChatEvent }
}
