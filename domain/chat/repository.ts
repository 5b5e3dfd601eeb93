import type { Store } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import type { PageQuery } from '../schema.js'
import type { ChatEvent, Delivery, EventPage, EventQuery } from './event-schema.js'
import type {
  Conversation, ConversationChange, ConversationPage, ConversationQuery, HistoryQuery, Member, MemberChange, MemberPage,
  Message, MessageChange, MessagePage, NewConversation, NewMember, NewMessage, NewRead, ReadState
} from './schema.js'

/** All that chat needs to know of users: whether there is one. */
export interface KnownUsers { find (id: string): Promise<unknown> }

export interface ChatOptions {
  now?: () => number
  /** Runs work that nobody waits for; what it leaves undone is taken up by `purge` at the next start. */
  defer?: (task: string, work: () => Promise<void>) => void
}

/** Versions that `If-Match` admits; undefined admits any. */
export type Precondition = readonly number[] | undefined

/** What a device missed: all of it, in commit order, up to and including `upTo`; or why it can't be had. */
export type Replay =
  | { recovered: true, upTo: number, events: AsyncIterableIterator<{ sequence: number, event: ChatEvent }> }
  | { recovered: false, reason: 'too_far_back' | 'unknown_position' }

/** The verbs of chat: the same for REST and for sockets. */
export interface ChatVerbs {
  create (caller: Caller, input: NewConversation, idempotencyKey?: string): Promise<{ conversation: Conversation, replayed: boolean }>
  openDirect (caller: Caller, user: string): Promise<{ conversation: Conversation, created: boolean }>
  list (caller: Caller, query: ConversationQuery): Promise<ConversationPage>
  one (caller: Caller, conversation: string): Promise<Conversation>
  change (caller: Caller, conversation: string, change: ConversationChange, ifMatch?: Precondition): Promise<Conversation>
  close (caller: Caller, conversation: string, ifMatch?: Precondition): Promise<void>

  join (caller: Caller, conversation: string, idempotencyKey?: string): Promise<{ conversation: Conversation, replayed: boolean }>
  leave (caller: Caller, conversation: string, idempotencyKey?: string): Promise<{ replayed: boolean }>
  members (caller: Caller, conversation: string, query: PageQuery): Promise<MemberPage>
  addMember (caller: Caller, conversation: string, user: string, input: NewMember, ifMatch?: Precondition): Promise<{ member: Member, created: boolean }>
  changeMember (caller: Caller, conversation: string, user: string, change: MemberChange, ifMatch?: Precondition): Promise<Member>
  removeMember (caller: Caller, conversation: string, user: string, ifMatch?: Precondition): Promise<void>

  say (caller: Caller, conversation: string, input: NewMessage): Promise<{ message: Message, duplicate: boolean }>
  edit (caller: Caller, conversation: string, message: string, change: MessageChange, ifMatch?: Precondition): Promise<Message>
  remove (caller: Caller, conversation: string, message: string, ifMatch?: Precondition): Promise<Message>
  message (caller: Caller, conversation: string, message: string): Promise<Message>
  history (caller: Caller, conversation: string, query: HistoryQuery): Promise<MessagePage>
  events (caller: Caller, conversation: string, query: EventQuery): Promise<EventPage>
  markRead (caller: Caller, conversation: string, read: NewRead): Promise<ReadState>

  /** Ids of the conversations that a user is a member of. */
  conversationsOf (user: string): Promise<string[]>
  /** What happened to a user's conversations after a position, for a device that comes back. */
  eventsSince (user: string, sequence: number, options?: { limitEntries?: number }): Promise<Replay>
  /** Every durable new entry, once, in commit order, synchronously. Returns the end of it. */
  watch (listener: (delivery: Delivery) => void): () => void
  /** Deletes what is left of deleted conversations; to be called at the start. */
  purge (): Promise<void>
}

export type Chat = ReturnType<typeof createChat>

export function createChat (store: Store, users: KnownUsers, options: ChatOptions = {}): ChatVerbs {
  throw new Error('not wired yet', { cause: { store, users, options } })
}
