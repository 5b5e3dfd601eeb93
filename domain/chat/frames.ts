import { type Static, type TProperties, Type } from '@sinclair/typebox'
import { limits } from '../realtime/limits.js'
import { choice, Id, nullable, Timestamp } from '../schema.js'
import { type ChatEvent, chatEvents } from './event-schema.js'
import { Conversation, HistoryQuery, MessageChange, MessageId, NewMessage, NewRead, Version } from './schema.js'

export const subprotocol = 'nexu.v1.json'

const closed = { additionalProperties: false }
const Cursor = Type.String({ minLength: 1, maxLength: 256, description: 'Where one stands in the whole store; opaque' })
const Token = Type.String({ minLength: 1, maxLength: 8192, description: 'An access token' })
const Milliseconds = Type.Integer({ minimum: 0 })

const inConversation = { conversation: Id }
const ofMessage = {
  ...inConversation,
  message: MessageId,
  version: Type.Optional({ ...Version, description: 'Only if the message still has this version' })
}

/** What a client may send, by type: the `data` of each command. */
export const commands = {
  auth: Type.Object({
    token: Token,
    resume: Type.Optional(Type.Object({ cursor: Cursor }, closed))
  }, closed),
  'auth.refresh': Type.Object({ token: Token }, closed),
  pong: Type.Object({}, closed),
  'message.send': Type.Composite([Type.Object(inConversation), NewMessage], closed),
  'message.edit': Type.Composite([Type.Object(ofMessage), MessageChange], closed),
  'message.delete': Type.Object(ofMessage, closed),
  'read.set': Type.Composite([Type.Object(inConversation), NewRead], closed),
  'typing.set': Type.Object({ ...inConversation, on: Type.Boolean() }, closed),
  'presence.set': Type.Object({ status: choice(['online', 'away']) }, closed),
  'presence.subscribe': Type.Object({
    users: Type.Array(Id, { maxItems: limits.presenceUsersMax, description: 'Replaces those that were asked for before' })
  }, closed),
  'history.get': Type.Composite([Type.Object(inConversation), HistoryQuery], closed),
  'conversation.subscribe': Type.Object(inConversation, closed),
  'conversation.unsubscribe': Type.Object(inConversation, closed)
} as const

export type CommandType = keyof typeof commands

export const PresenceStatus = choice(['online', 'away', 'offline'])

/** Who one is, and whether what was missed is going to be told. */
export const SignedIn = Type.Object({
  user: Id,
  session: Id,
  recovered: Type.Boolean({ description: 'true: what was missed follows; false: a snapshot follows' }),
  expiresAt: Timestamp
})
export type SignedIn = Static<typeof SignedIn>

/** What went wrong, with the codes of REST. */
export const FrameError = Type.Object({
  code: Type.String(),
  status: Type.Integer(),
  title: Type.String(),
  temporary: Type.Boolean({ description: 'The same command may succeed later' }),
  retryAfterMs: Type.Optional(Milliseconds),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })))
})
export type FrameError = Static<typeof FrameError>

/** Exactly one for each command. `re` is null only where a frame had no readable id. */
export const Reply = Type.Union([
  Type.Object({ re: Type.String(), ok: Type.Literal(true), data: Type.Unknown() }),
  Type.Object({ re: nullable(Type.String()), ok: Type.Literal(false), error: FrameError })
], { title: 'Reply' })
export type Reply = Static<typeof Reply>

const frame = <const T extends string, P extends TProperties>(type: T, data: P) =>
  Type.Object({ type: Type.Literal(type), data: Type.Object(data) }, { title: type })

const typing = <const T extends string>(type: T) =>
  Type.Object({ type: Type.Literal(type), conversation: Id, data: Type.Object({ user: Id }) }, { title: type })

/** What the server says of the socket itself, and ephemeral signals: without `seq`, never stored. */
export const serverFrames = {
  hello: frame('hello', {
    protocol: Type.Literal(subprotocol),
    historyId: Type.String(),
    serverTime: Timestamp,
    heartbeatMs: Milliseconds,
    authTimeoutMs: Milliseconds,
    limits: Type.Record(Type.String(), Type.Integer()),
    reconnect: Type.Object({ baseMs: Milliseconds, maxMs: Milliseconds })
  }),
  authenticated: frame('authenticated', SignedIn.properties),
  snapshot: frame('snapshot', {
    conversations: Type.Array(Conversation),
    cursor: nullable({ ...Cursor, description: 'On the last page: where to go on from' })
  }),
  caught_up: frame('caught_up', { cursor: Cursor }),
  ping: frame('ping', { cursor: nullable({ ...Cursor, description: 'All up to here has been sent; null while a snapshot is under way' }) }),
  'auth.expiring': frame('auth.expiring', { expiresAt: Timestamp }),
  closing: frame('closing', { code: Type.String(), reconnect: Type.Boolean(), retryAfterMs: Milliseconds }),
  'presence.changed': frame('presence.changed', { user: Id, status: PresenceStatus }),
  'typing.started': typing('typing.started'),
  'typing.stopped': typing('typing.stopped')
} as const

type ServerFrames = { [T in keyof typeof serverFrames]: Static<typeof serverFrames[T]> }

/** Everything a client may receive. */
export const ServerFrame = Type.Union([...Object.values(serverFrames), ...Object.values(chatEvents), Reply])

const encode = (value: object): Buffer => Buffer.from(JSON.stringify(value))

const control = <T extends keyof ServerFrames>(type: T) =>
  (data: ServerFrames[T]['data']): Buffer => encode({ type, data })

/** The frames of the server as bytes. */
export const frames = {
  hello: control('hello'),
  authenticated: control('authenticated'),
  snapshot: control('snapshot'),
  caught_up: control('caught_up'),
  ping: control('ping'),
  auth_expiring: control('auth.expiring'),
  closing: control('closing'),
  presence_changed: control('presence.changed'),
  typing: (conversation: string, user: string, on: boolean): Buffer =>
    encode({ type: on ? 'typing.started' : 'typing.stopped', conversation, data: { user } })
}

export const encodeReply = (reply: Reply): Buffer => encode(reply)

export const encodeEvent = (event: ChatEvent): Buffer => encode(event)
