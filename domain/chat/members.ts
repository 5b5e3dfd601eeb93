import { Type } from '@sinclair/typebox'
import type { Change, Current } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { AppError } from '../errors.js'
import { requireMatch } from '../etags.js'
import type { PageQuery } from '../schema.js'
import { once } from '../system/idempotency.js'
import { assertLeads, assertNotDirect, assertOwnerStays, enter, enterAsMember, look, placeKeys, type OwnPlace } from './access.js'
import { assertUser, type ChatContext, timestamp } from './context.js'
import { readConversationAnswer } from './conversations.js'
import { decodeMember, type StoredMember } from './documents.js'
import { keys, lastPart, prefixes } from './keys.js'
import { append, type Moment } from './log-entries.js'
import { enroll, expel, type Part } from './membership.js'
import type { Conversation, Member, MemberChange, MemberPage, NewMember, Role } from './schema.js'
import { toMember } from './views.js'

const ListPlace = Type.Object({ user: Type.String() })

interface Found { member: StoredMember, version: number }

/** Who belongs to a conversation, and as what. */
export function createMembers ({ store, users, now }: ChatContext, one: (caller: Caller, id: string) => Promise<Conversation>) {
  const placesOf = (conversation: string, caller: Caller, user: string) =>
    [...placeKeys(conversation, caller.userId), keys.member(conversation, user), keys.personal(user)]

  function find (current: Current, conversation: string, user: string): Found | null {
    const entry = current.get(keys.member(conversation, user))
    return entry === null ? null : { member: decodeMember(entry.value), version: entry.version }
  }

  /** Another role for one who is a member already. */
  function promote (conversation: string, user: string, { head, member }: OwnPlace, found: Found, role: Role, when: Moment, by: string): Change<Member> {
    if (role === found.member.role) return { result: toMember(user, found.member, found.version) }
    assertLeads(member.role, found.member.role)
    assertLeads(member.role, role)
    assertOwnerStays(head, found.member.role)
    const owners = head.owners + (role === 'owner' ? 1 : 0) - (found.member.role === 'owner' ? 1 : 0)
    const logged = append(conversation, { ...head, owners }, when, { type: 'member.changed', user, role, by })
    const next = { ...found.member, role }
    return {
      puts: [{ key: keys.head(conversation), value: logged.head }, { key: keys.member(conversation, user), value: next }, ...logged.puts],
      result: toMember(user, next, when.sequence)
    }
  }

  const withHead = <R>(conversation: string, { head, puts, deletes = [] }: Part, result: R): Change<R> =>
    ({ puts: [{ key: keys.head(conversation), value: head }, ...puts], deletes, result })

  return {
    /** Sorted by user id. */
    async members ({ userId }: Caller, conversation: string, { limit, cursor }: PageQuery): Promise<MemberPage> {
      await look(store, conversation, userId)
      const after = cursor === undefined ? {} : { after: decodeCursor(ListPlace, cursor).user }
      const items: Member[] = []
      for await (const { key, entry } of store.scan({ prefix: prefixes.members(conversation), ...after }, { limit: limit + 1 })) {
        items.push(toMember(lastPart(key), decodeMember(entry.value), entry.version))
      }
      const next = items.length > limit ? encodeCursor({ user: items[limit - 1]?.user }) : null
      return { items: items.slice(0, limit), next }
    },

    /** Into a channel everyone may come by themselves. Coming twice changes nothing. */
    async join (caller: Caller, conversation: string, idempotencyKey?: string): Promise<{ conversation: Conversation, replayed: boolean }> {
      const { userId } = caller
      const at = timestamp(now())
      const request = { operation: 'join_conversation', conversation }
      const { replayed } = await once(store, { caller, key: idempotencyKey, request, now: now() }, readConversationAnswer,
        placesOf(conversation, caller, userId), (current, sequence) => {
          const { head, member } = enter(current, conversation, userId)
          if (member !== null) return { result: { conversation } }
          return withHead(conversation, enroll(current, conversation, head, { sequence, at }, { user: userId, role: 'member', by: userId }), { conversation })
        })
      return { conversation: await one(caller, conversation), replayed }
    },

    async leave (caller: Caller, conversation: string, idempotencyKey?: string): Promise<{ replayed: boolean }> {
      const { userId } = caller
      const at = timestamp(now())
      const request = { operation: 'leave_conversation', conversation }
      const { replayed } = await once(store, { caller, key: idempotencyKey, request, now: now() }, readConversationAnswer,
        placesOf(conversation, caller, userId), (current, sequence) => {
          const { head, member } = enter(current, conversation, userId)
          if (member === null) throw new AppError('member_not_found')
          assertNotDirect(head)
          assertOwnerStays(head, member.role)
          return withHead(conversation, expel(current, conversation, head, { sequence, at }, { user: userId, role: member.role, by: userId }), { conversation })
        })
      return { replayed }
    },

    /** Makes somebody a member, or gives a member the role that is asked for. Doing it again changes nothing. */
    async addMember (caller: Caller, conversation: string, user: string, { role }: NewMember, ifMatch?: string): Promise<{ member: Member, created: boolean }> {
      await assertUser(users, user)
      const at = timestamp(now())
      return store.commit(placesOf(conversation, caller, user), (current, sequence): Change<{ member: Member, created: boolean }> => {
        const place = enterAsMember(current, conversation, caller.userId)
        assertNotDirect(place.head)
        const known = find(current, conversation, user)
        if (known !== null) {
          requireMatch(ifMatch, known.version)
          const { result, ...change } = promote(conversation, user, place, known, role ?? known.member.role, { sequence, at }, caller.userId)
          return { ...change, result: { member: result, created: false } }
        }
        // Whoever names a version, or just any, means somebody who is there.
        if (ifMatch !== undefined) throw new AppError('precondition_failed')
        const given = role ?? 'member'
        assertLeads(place.member.role, given)
        const part = enroll(current, conversation, place.head, { sequence, at }, { user, role: given, by: caller.userId })
        const member = toMember(user, { v: 1, role: given, joinedAt: part.head.at, joinedSequence: sequence }, sequence)
        return withHead(conversation, part, { member, created: true })
      })
    },

    async changeMember (caller: Caller, conversation: string, user: string, { role }: MemberChange, ifMatch?: string): Promise<Member> {
      const at = timestamp(now())
      return store.commit(placesOf(conversation, caller, user), (current, sequence) => {
        const place = enterAsMember(current, conversation, caller.userId)
        assertNotDirect(place.head)
        const known = find(current, conversation, user)
        if (known === null) throw new AppError('member_not_found')
        requireMatch(ifMatch, known.version)
        return promote(conversation, user, place, known, role, { sequence, at }, caller.userId)
      })
    },

    /** Removing oneself is leaving. */
    async removeMember (caller: Caller, conversation: string, user: string, ifMatch?: string): Promise<void> {
      const at = timestamp(now())
      await store.commit(placesOf(conversation, caller, user), (current, sequence) => {
        const { head, member } = enterAsMember(current, conversation, caller.userId)
        assertNotDirect(head)
        const known = find(current, conversation, user)
        if (known === null) throw new AppError('member_not_found')
        requireMatch(ifMatch, known.version)
        if (user !== caller.userId) assertLeads(member.role, known.member.role)
        assertOwnerStays(head, known.member.role)
        return withHead(conversation, expel(current, conversation, head, { sequence, at }, { user, role: known.member.role, by: caller.userId }), undefined)
      })
    }
  }
}
