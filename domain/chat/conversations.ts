import { Type } from '@sinclair/typebox'
import type { Change, Current, Put } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { documentReader } from '../document.js'
import { AppError } from '../errors.js'
import { requireMatch } from '../etags.js'
import { newId } from '../ids.js'
import { once } from '../system/idempotency.js'
import { assertNotDirect, assertRole, admit, enterAsMember, placeKeys } from './access.js'
import { assertUser, type ChatContext, timestamp } from './context.js'
import { decodeConversation, decodeDirect, encodeConversation, type Head, type StoredConversation } from './documents.js'
import { keys, lastPart, prefixes } from './keys.js'
import { append, type Moment } from './log-entries.js'
import { enroll } from './membership.js'
import type { Conversation, ConversationChange, ConversationKind, ConversationPage, ConversationQuery, NewConversation, Role } from './schema.js'
import { toConversation } from './views.js'

/** All that is kept of an answer: the rest is read again, as it is by then. */
export const readConversationAnswer = documentReader('idempotency', Type.Object({ conversation: Type.String() }))

const ListPlace = Type.Object({ id: Type.String() })

/** Making, finding and changing conversations. */
export function createConversations ({ store, users, now }: ChatContext) {
  /** The conversation as a user sees it, or null where it isn't there for that user. */
  async function view (id: string, user: string): Promise<Conversation | null> {
    const [conversation, head, member, read] = await Promise.all([
      store.get(keys.conversation(id)), store.get(keys.head(id)), store.get(keys.member(id, user)), store.get(keys.read(id, user))
    ])
    try {
      const place = admit(head, member)
      return conversation === null ? null : toConversation(id, conversation, place.head, user, place.member, read)
    } catch (err) {
      if (err instanceof AppError && err.code === 'conversation_not_found') return null
      throw err
    }
  }

  async function one ({ userId }: Caller, id: string): Promise<Conversation> {
    const conversation = await view(id, userId)
    if (conversation === null) throw new AppError('conversation_not_found')
    return conversation
  }

  return {
    one,

    /** A group or a channel. Its creator owns it. */
    async create (caller: Caller, input: NewConversation, idempotencyKey?: string): Promise<{ conversation: Conversation, replayed: boolean }> {
      const { kind, name, topic = null } = input
      const others = (input.members ?? []).filter((user) => user !== caller.userId)
      await Promise.all(others.map((user) => assertUser(users, user)))
      const id = newId()
      const at = timestamp(now())
      const everyone = [{ user: caller.userId, role: 'owner' as const }, ...others.map((user) => ({ user, role: 'member' as const }))]
      const request = { operation: 'create_conversation', input }

      const { result, replayed } = await once(store, { caller, key: idempotencyKey, request, now: now() }, readConversationAnswer,
        everyone.map(({ user }) => keys.personal(user)), (current, sequence) => ({
          ...found(current, id, { v: 1, kind, createdAt: at, createdBy: caller.userId, name, topic }, { sequence, at }, everyone),
          result: { conversation: id }
        }))
      return { conversation: await one(caller, result.conversation), replayed }
    },

    /** The conversation of two people: made once, whoever asks first and however often. */
    async openDirect (caller: Caller, user: string): Promise<{ conversation: Conversation, created: boolean }> {
      if (user === caller.userId) throw new AppError('conversation_kind_unsuitable', { detail: { es: 'Hacen falta dos personas', en: 'It takes two people' } })
      await assertUser(users, user)
      const [first, second] = user < caller.userId ? [user, caller.userId] : [caller.userId, user]
      const pair = keys.direct(store.blind('direct', first + second))
      const fresh = newId()
      const at = timestamp(now())

      const { id, created } = await store.commit([pair, keys.personal(first), keys.personal(second)], (current, sequence): Change<{ id: string, created: boolean }> => {
        const known = current.get(pair)
        if (known !== null) return { result: { id: decodeDirect(known.value).conversation, created: false } }
        const direct: StoredConversation = { v: 1, kind: 'direct', createdAt: at, createdBy: caller.userId, users: [first, second], name: null, topic: null }
        const { puts } = found(current, fresh, direct, { sequence, at }, [first, second].map((each) => ({ user: each, role: 'member' })))
        return { puts: [...puts, { key: pair, value: { v: 1, conversation: fresh } }], result: { id: fresh, created: true } }
      })
      return { conversation: await one(caller, id), created }
    },

    /** In the order of their ids, which is that of their making: a page stays true while others write. */
    async list ({ userId }: Caller, { limit, cursor, scope = 'mine' }: ConversationQuery): Promise<ConversationPage> {
      const prefix = scope === 'mine' ? prefixes.memberships(userId) : prefixes.channels
      const after = cursor === undefined ? {} : { after: decodeCursor(ListPlace, cursor).id }
      const ids: string[] = []
      for await (const { key } of store.scan({ prefix, ...after }, { limit: limit + 1 })) ids.push(lastPart(key))
      const next = ids.length > limit ? encodeCursor({ id: ids[limit - 1] }) : null
      const items = await Promise.all(ids.slice(0, limit).map((id) => view(id, userId)))
      return { items: items.filter((item) => item !== null), next }
    },

    async change (caller: Caller, id: string, patch: ConversationChange, ifMatch?: string): Promise<Conversation> {
      const at = timestamp(now())
      await store.commit([...placeKeys(id, caller.userId), keys.conversation(id)], (current, sequence): Change<void> => {
        const { head, member } = enterAsMember(current, id, caller.userId)
        assertNotDirect(head)
        assertRole(member.role, 'owner', 'admin')
        const entry = current.get(keys.conversation(id))
        if (entry === null) throw new AppError('conversation_not_found')
        requireMatch(ifMatch, entry.version)
        const before = decodeConversation(entry)
        const after = { ...before, ...patch }
        if (after.name === before.name && after.topic === before.topic) return { result: undefined }
        const logged = append(id, head, { sequence, at }, { type: 'conversation.changed', by: caller.userId })
        return { puts: [encodeConversation(id, after), { key: keys.head(id), value: logged.head }, ...logged.puts], result: undefined }
      })
      return one(caller, id)
    },

    async conversationsOf (user: string): Promise<string[]> {
      const ids: string[] = []
      for await (const { key } of store.scan({ prefix: prefixes.memberships(user) })) ids.push(lastPart(key))
      return ids
    }
  }
}

/** Everything that a new conversation consists of. */
function found (current: Current, id: string, conversation: StoredConversation, moment: Moment, everyone: readonly { user: string, role: Role }[]): { puts: Put[] } {
  let head = emptyHead(conversation.kind, moment)
  const puts = [encodeConversation(id, conversation)]
  if (conversation.kind === 'channel') puts.push({ key: keys.channel(id), value: { v: 1 } })
  for (const { user, role } of everyone) {
    const part = enroll(current, id, head, moment, { user, role, by: conversation.createdBy })
    head = part.head
    puts.push(...part.puts)
  }
  return { puts: [...puts, { key: keys.head(id), value: head }] }
}

const emptyHead = (kind: ConversationKind, { sequence, at }: Moment): Head =>
  ({ v: 1, kind, head: 0, headSequence: sequence, ordinal: 0, at, members: 0, owners: 0 })
