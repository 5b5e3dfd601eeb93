import type { Change, Current } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { enter, placeKeys } from './access.js'
import { type ChatContext, timestamp } from './context.js'
import { decodeMarker, decodePersonalHead, type Head, type Marker } from './documents.js'
import { keys } from './keys.js'
import { appendPersonal, decodeLogEntry, noPersonalHead } from './log-entries.js'
import type { NewRead, ReadState } from './schema.js'
import { toReadState } from './views.js'

/** How far each member has read. */
export function createReads ({ store, now }: ChatContext) {
  return {
    /** Moves the caller's marker forward, as far as the newest entry at most; it never moves back. */
    async markRead ({ userId }: Caller, conversation: string, { seq }: NewRead): Promise<ReadState> {
      const at = timestamp(now())
      const markerKey = keys.read(conversation, userId)
      const named = [...placeKeys(conversation, userId), markerKey, keys.personal(userId), keys.log(conversation, seq)]

      return store.commit(named, (current, sequence): Change<ReadState> => {
        const { head, member } = enter(current, conversation, userId)
        if (member === null) throw new AppError('member_not_found')
        const stored = current.get(markerKey)
        const marker: Marker = stored === null ? { v: 1, seq: 0, ordinal: 0 } : decodeMarker(stored.value)
        if (Math.min(seq, head.head) <= marker.seq) return { result: toReadState(conversation, head, marker) }

        const reached = reach(current, conversation, head, seq)
        const entry = current.get(keys.personal(userId))
        const personal = entry === null ? noPersonalHead : decodePersonalHead(entry.value)
        return {
          puts: [
            { key: markerKey, value: { v: 1, ...reached, entry: personal.head + 1 } },
            ...appendPersonal(userId, personal, { sequence, at }, { type: 'read.updated', conversation, ...reached })
          ],
          // The last word on a marker makes the ones before it useless: the log of a user stays short.
          deletes: marker.entry === undefined ? [] : [keys.personalLog(userId, marker.entry)],
          result: toReadState(conversation, head, reached)
        }
      })
    }
  }
}

/** Each entry knows the number of the newest message up to it, so one look is enough. */
function reach (current: Current, conversation: string, head: Head, seq: number): { seq: number, ordinal: number } {
  const entry = seq < head.head ? current.get(keys.log(conversation, seq)) : null
  return entry === null ? { seq: head.head, ordinal: head.ordinal } : { seq, ordinal: decodeLogEntry(entry.value).ordinal }
}
