import type { Row } from '../../storage/store.js'
import type { ChatContext } from './context.js'
import { decodeHead, decodeMember, decodePersonalHead } from './documents.js'
import type { ChatEvent } from './event-schema.js'
import { loadLogEvent, toPersonalEvent } from './events.js'
import { keys, lastPart, prefixes } from './keys.js'
import { chatLimits } from './limits.js'
import { decodeLogEntry, decodePersonalEntry } from './log-entries.js'
import { mergeBySequence } from './merge.js'

export interface SequencedEvent { sequence: number, event: ChatEvent }

/** What a device missed: all of it, in commit order, up to and including `upTo`; or why it can't be had. */
export type Replay =
  | { recovered: true, upTo: number, events: AsyncIterableIterator<SequencedEvent> }
  | { recovered: false, reason: 'too_far_back' | 'unknown_position' }

/** One log that has moved since: where to begin, and how many entries there are from there on. */
interface Moved { count: number, open: (rows: number) => AsyncIterable<SequencedEvent> }

/** Coming back after a while: only conversations whose head moved since are read. */
export function createResume ({ store }: ChatContext) {
  const sequenceAt = async (conversation: string, seq: number): Promise<number> => {
    const entry = await store.get(keys.log(conversation, seq))
    return entry === null ? 0 : decodeLogEntry(entry.value).sequence
  }

  /** The first entry after a position: strides back from the head, ever longer, then halves the last one.
   *  So a short absence costs a few looks however long the log is. */
  async function firstAfter (conversation: string, head: number, since: number): Promise<number> {
    let known = head
    let low = 0
    for (let stride = 1; known > 1; stride *= 2) {
      const seq = Math.max(1, known - stride)
      if (await sequenceAt(conversation, seq) <= since) {
        low = seq
        break
      }
      known = seq
    }
    while (known - low > 1) {
      const middle = Math.floor((low + known) / 2)
      if (await sequenceAt(conversation, middle) > since) known = middle
      else low = middle
    }
    return known
  }

  /** Rows of one log in pages, so that no snapshot is held while a slow device takes them in. */
  async function * pages (prefix: ReturnType<typeof prefixes.log>, from: number, rows: number): AsyncIterableIterator<Row & { place: number }> {
    let next = from
    for (;;) {
      const page: Row[] = []
      for await (const row of store.scan({ prefix, from: next }, { limit: rows })) page.push(row)
      for (const row of page) {
        next = Number(row.key.at(-1)) + 1
        yield { ...row, place: next - 1 }
      }
      if (page.length < rows) return
    }
  }

  async function * logEvents (user: string, conversation: string, from: number, upTo: number, rows: number): AsyncIterableIterator<SequencedEvent> {
    for await (const { place, entry } of pages(prefixes.log(conversation), from, rows)) {
      const { sequence } = decodeLogEntry(entry.value)
      if (sequence > upTo) return
      const event = await loadLogEvent(store, conversation, place, entry, user)
      if (event !== null) yield { sequence, event }
    }
  }

  async function * personalEvents (user: string, from: number, upTo: number, rows: number): AsyncIterableIterator<SequencedEvent> {
    for await (const { entry } of pages(prefixes.personalLog(user), from, rows)) {
      const value = decodePersonalEntry(entry.value)
      if (value.sequence > upTo) return
      yield { sequence: value.sequence, event: toPersonalEvent(store.historyId, value) }
    }
  }

  /** What came before a user joined is history and no news. */
  async function movedConversation (user: string, conversation: string, since: number, upTo: number): Promise<Moved | null> {
    const [head, member] = await Promise.all([store.get(keys.head(conversation)), store.get(keys.member(conversation, user))])
    if (head === null || member === null) return null
    const { head: newest, headSequence, deletedAt } = decodeHead(head.value)
    const from = Math.max(since, decodeMember(member.value).joinedSequence)
    if (headSequence <= from || deletedAt !== undefined) return null
    const first = await firstAfter(conversation, newest, from)
    return { count: newest - first + 1, open: (rows) => logEvents(user, conversation, first, upTo, rows) }
  }

  /** The log of a user has gaps, where a later word on a read marker took the place of an earlier one. */
  async function movedPersonal (user: string, since: number, upTo: number, limit: number): Promise<Moved | null> {
    const personal = await store.get(keys.personal(user))
    if (personal === null || decodePersonalHead(personal.value).headSequence <= since) return null
    let count = 0
    let first = 0
    for await (const { key, entry } of store.scan({ prefix: prefixes.personalLog(user) }, { reverse: true, limit: limit + 1 })) {
      if (decodePersonalEntry(entry.value).sequence <= since) break
      first = Number(key.at(-1))
      count++
    }
    return count === 0 ? null : { count, open: (rows) => personalEvents(user, first, upTo, rows) }
  }

  return {
    /** All that concerns a user after `sequence`, as of now: later events are for whoever listens to
     *  `watch` since before this call. */
    async eventsSince (user: string, sequence: number, { limitEntries = chatLimits.replayEntriesMax }: { limitEntries?: number } = {}): Promise<Replay> {
      const upTo = store.sequence
      if (sequence > upTo) return { recovered: false, reason: 'unknown_position' }
      const moved: Moved[] = []
      let entries = 0
      const add = (log: Moved | null) => {
        if (log === null) return
        moved.push(log)
        entries += log.count
      }

      add(await movedPersonal(user, sequence, upTo, limitEntries))
      for await (const { key } of store.scan({ prefix: prefixes.memberships(user) })) {
        if (entries > limitEntries) break
        add(await movedConversation(user, lastPart(key), sequence, upTo))
      }
      if (entries > limitEntries) return { recovered: false, reason: 'too_far_back' }

      const rows = Math.max(1, Math.floor(chatLimits.replayRowsHeld / Math.max(1, moved.length)))
      return { recovered: true, upTo, events: mergeBySequence(moved.map(({ open }) => open(rows))) }
    }
  }
}
