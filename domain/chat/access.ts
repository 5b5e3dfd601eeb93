import type { Current, Entry, Store } from '../../storage/store.js'
import { AppError } from '../errors.js'
import { decodeHead, decodeMember, type Head, type StoredMember } from './documents.js'
import { keys } from './keys.js'
import type { Role } from './schema.js'

/** Who may do what in a conversation: all of it is decided here, for both transports. */

/** A conversation as somebody finds it. */
export interface Place { head: Head, member: StoredMember | null }

/** A conversation as one of its members finds it. */
export interface OwnPlace { head: Head, member: StoredMember }

/** What a deleted conversation, or somebody else's, looks like from outside: as if it were not there. */
export function admit (head: Entry | null, member: Entry | null): Place {
  const found = head === null ? null : decodeHead(head.value)
  if (found === null || found.deletedAt !== undefined) throw new AppError('conversation_not_found')
  if (member === null && found.kind !== 'channel') throw new AppError('conversation_not_found')
  return { head: found, member: member === null ? null : decodeMember(member.value) }
}

/** The keys that `enter` and `enterAsMember` look at. */
export const placeKeys = (conversation: string, user: string) => [keys.head(conversation), keys.member(conversation, user)]

/** Inside a commit: the conversation, if this user may see it. */
export function enter (current: Current, conversation: string, user: string): Place {
  return admit(current.get(keys.head(conversation)), current.get(keys.member(conversation, user)))
}

/** Inside a commit: the conversation, if this user belongs to it. */
export function enterAsMember (current: Current, conversation: string, user: string): OwnPlace {
  const { head, member } = enter(current, conversation, user)
  if (member === null) throw new AppError('forbidden', { detail: { es: 'Únete antes al canal', en: 'Join the channel first' } })
  return { head, member }
}

/** Outside of a commit: the conversation, if this user may see it. */
export async function look (store: Store, conversation: string, user: string): Promise<Place> {
  const [head, member] = await Promise.all(placeKeys(conversation, user).map((key) => store.get(key)))
  return admit(head ?? null, member ?? null)
}

/** Two people are neither led nor left; what concerns names, members and roles is not for them. */
export function assertNotDirect (head: Head): void {
  if (head.kind === 'direct') throw new AppError('conversation_kind_unsuitable')
}

export function assertRole (role: Role, ...allowed: readonly Role[]): void {
  if (!allowed.includes(role)) throw new AppError('forbidden')
}

/** An owner leads everyone; an admin leads plain members, and makes nobody more than that. */
export function assertLeads (leader: Role, led: Role): void {
  if (leader !== 'owner' && !(leader === 'admin' && led === 'member')) throw new AppError('forbidden')
}

/** A conversation that has owners keeps one. */
export function assertOwnerStays (head: Head, role: Role): void {
  if (role === 'owner' && head.owners <= 1) throw new AppError('last_owner')
}
