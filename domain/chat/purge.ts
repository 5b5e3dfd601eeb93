import type { Key, Row } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { requireMatch } from '../etags.js'
import { assertNotDirect, assertRole, enterAsMember, placeKeys } from './access.js'
import { type ChatContext, timestamp } from './context.js'
import { keys, lastPart, prefixes } from './keys.js'
import { chatLimits } from './limits.js'
import { append } from './log-entries.js'
import { erasePlace } from './membership.js'

/** The end of a conversation. The first commit makes it unreachable and takes its name; the rest, which
 *  may be long, goes in small commits that can be taken up again at any point. */
export function createPurge ({ store, now, defer }: ChatContext) {
  async function someRows (prefix: Key, limit: number): Promise<Row[]> {
    const rows: Row[] = []
    for await (const row of store.scan({ prefix }, { limit })) rows.push(row)
    return rows
  }

  /** Each member's own log says that the conversation is gone. */
  async function dismissMembers (id: string): Promise<void> {
    for (;;) {
      const users = (await someRows(prefixes.members(id), chatLimits.purgeMembers)).map(({ key }) => lastPart(key))
      if (users.length === 0) return
      const at = timestamp(now())
      await store.commit(users.flatMap((user) => [keys.member(id, user), keys.personal(user)]), (current, sequence) => {
        // Another run may have been here meanwhile.
        const parts = users.filter((user) => current.get(keys.member(id, user)) !== null)
          .map((user) => erasePlace(current, id, { sequence, at }, user, 'deleted'))
        return { puts: parts.flatMap(({ puts }) => puts), deletes: parts.flatMap(({ deletes }) => deletes), result: undefined }
      })
    }
  }

  async function deleteAll (prefix: Key): Promise<void> {
    for (;;) {
      const rows = await someRows(prefix, chatLimits.purgeRows)
      if (rows.length === 0) return
      await store.commit([], () => ({ deletes: rows.map(({ key }) => key), result: undefined }))
    }
  }

  /** Members first, so that nobody's list leads to what is going. The mark goes last. */
  async function purgeOne (id: string): Promise<void> {
    await dismissMembers(id)
    await deleteAll(prefixes.log(id))
    await deleteAll(prefixes.clientIds(id))
    await store.commit([], () => ({ deletes: [keys.head(id), keys.purge(id)], result: undefined }))
  }

  return {
    /** Deletes a conversation for everyone. Only its owners may. */
    async close ({ userId }: Caller, id: string, ifMatch?: string): Promise<void> {
      const at = timestamp(now())
      await store.commit([...placeKeys(id, userId), keys.conversation(id)], (current, sequence) => {
        const { head, member } = enterAsMember(current, id, userId)
        assertNotDirect(head)
        assertRole(member.role, 'owner')
        const conversation = current.get(keys.conversation(id))
        if (conversation === null) throw new AppError('conversation_not_found')
        requireMatch(ifMatch, conversation.version)
        const logged = append(id, head, { sequence, at }, { type: 'conversation.deleted', by: userId })
        return {
          puts: [...logged.puts, { key: keys.head(id), value: { ...logged.head, deletedAt: at } }, { key: keys.purge(id), value: { v: 1 } }],
          deletes: [keys.conversation(id), keys.channel(id)],
          result: undefined
        }
      })
      defer('purge_conversation', () => purgeOne(id))
    },

    /** Finishes what was begun: to be called at the start. */
    async purge (): Promise<void> {
      const ids = []
      for await (const { key } of store.scan({ prefix: prefixes.purges })) ids.push(lastPart(key))
      for (const id of ids) await purgeOne(id)
    }
  }
}
