import type { Current, Key, Put } from '../../storage/store.js'
import { AppError } from '../errors.js'
import { decodePersonalHead, type Head, type StoredMember } from './documents.js'
import type { RemovalReason } from './event-schema.js'
import { keys } from './keys.js'
import { chatLimits } from './limits.js'
import { append, appendPersonal, type Moment, noPersonalHead } from './log-entries.js'
import type { Role } from './schema.js'

/** Coming and going, as parts of a commit: the documents, the entry in the conversation's log that the
 *  others hear of, and the one in the log of whom it is about. A batch thus has one event for each of them. */

export interface Part { head: Head, puts: Put[], deletes?: Key[] }

function personalHead (current: Current, user: string) {
  const entry = current.get(keys.personal(user))
  return entry === null ? noPersonalHead : decodePersonalHead(entry.value)
}

/** The commit must have named `keys.personal(user)`. The new member starts with nothing unread.
 *  @throws AppError conversation_full, too_many_conversations */
export function enroll (current: Current, conversation: string, head: Head, moment: Moment, { user, role, by }: { user: string, role: Role, by: string }): Part {
  const personal = personalHead(current, user)
  if (head.members >= chatLimits.membersMax) throw new AppError('conversation_full')
  if (personal.conversations >= chatLimits.conversationsMax) throw new AppError('too_many_conversations')
  const grown = { ...head, members: head.members + 1, owners: head.owners + (role === 'owner' ? 1 : 0) }
  const logged = append(conversation, grown, moment, { type: 'member.joined', user, role, by })
  const member: StoredMember = { v: 1, role, joinedAt: logged.head.at, joinedSequence: moment.sequence }
  return {
    head: logged.head,
    puts: [
      ...logged.puts,
      { key: keys.member(conversation, user), value: member },
      { key: keys.read(conversation, user), value: { v: 1, seq: logged.head.head, ordinal: logged.head.ordinal } },
      { key: keys.membership(user, conversation), value: { v: 1 } },
      ...appendPersonal(user, personal, moment, { type: 'conversation.added', conversation, kind: head.kind, role }, 1)
    ]
  }
}

/** What one member leaves behind, without a word in the conversation's log. */
export function erasePlace (current: Current, conversation: string, moment: Moment, user: string, reason: RemovalReason): { puts: Put[], deletes: Key[] } {
  return {
    puts: appendPersonal(user, personalHead(current, user), moment, { type: 'conversation.removed', conversation, reason }, -1),
    deletes: [keys.member(conversation, user), keys.read(conversation, user), keys.membership(user, conversation)]
  }
}

/** The commit must have named `keys.personal(user)`. */
export function expel (current: Current, conversation: string, head: Head, moment: Moment, { user, role, by }: { user: string, role: Role, by: string }): Part {
  const shrunk = { ...head, members: head.members - 1, owners: head.owners - (role === 'owner' ? 1 : 0) }
  const logged = append(conversation, shrunk, moment, { type: 'member.left', user, by })
  const { puts, deletes } = erasePlace(current, conversation, moment, user, user === by ? 'left' : 'removed')
  return { head: logged.head, puts: [...logged.puts, ...puts], deletes }
}
