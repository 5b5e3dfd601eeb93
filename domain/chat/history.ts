import { type Static, Type } from '@sinclair/typebox'
import type { Row } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { AppError } from '../errors.js'
import { look } from './access.js'
import type { ChatContext } from './context.js'
import type { Head } from './documents.js'
import type { EventPage, EventQuery, LogEvent } from './event-schema.js'
import { loadLogEvent } from './events.js'
import { prefixes } from './keys.js'
import { chatLimits } from './limits.js'
import { decodeLogEntry } from './log-entries.js'
import type { HistoryQuery, Message, MessagePage } from './schema.js'
import { readMessage } from './views.js'

const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Place = Type.Union([Type.Object({ before: Seq }), Type.Object({ after: Seq }), Type.Object({ around: Seq })])
type Place = Static<typeof Place>
const EventPlace = Type.Object({ after: Seq })

interface Found { items: Message[], next: string | null }

/** Reading what was said, page by page. */
export function createHistory ({ store }: ChatContext) {
  /** Messages from one end of a range on. Other entries lie between them: after so many rows the page
   *  ends, however few they were. */
  async function collect (conversation: string, rows: AsyncIterable<Row>, limit: number, viewer: string, isLast: (ordinal: number, isMessage: boolean) => boolean): Promise<{ items: Message[], last: number | null }> {
    const items: Message[] = []
    let last: number | null = null
    for await (const { key, entry } of rows) {
      const seq = Number(key.at(-1))
      const message = readMessage(conversation, seq, entry, viewer)
      if (message !== null) items.push(message)
      last = isLast(decodeLogEntry(entry.value).ordinal, message !== null) ? null : seq
      if (items.length === limit || last === null) break
    }
    return { items, last }
  }

  async function older (conversation: string, before: number | undefined, limit: number, viewer: string): Promise<Found> {
    const to = before === undefined ? {} : { to: before }
    const rows = store.scan({ prefix: prefixes.log(conversation), ...to }, { reverse: true, limit: chatLimits.historyRowsScanned })
    const { items, last } = await collect(conversation, rows, limit, viewer, (ordinal, isMessage) => ordinal === (isMessage ? 1 : 0))
    return { items: items.reverse(), next: last === null ? null : encodeCursor({ before: last }) }
  }

  async function newer (conversation: string, after: number, limit: number, viewer: string, head: Head): Promise<Found> {
    const rows = store.scan({ prefix: prefixes.log(conversation), after }, { limit: chatLimits.historyRowsScanned })
    const { items, last } = await collect(conversation, rows, limit, viewer, (ordinal) => ordinal >= head.ordinal)
    return { items, next: last === null ? null : encodeCursor({ after: last }) }
  }

  return {
    /** Messages in ascending order. `next` goes on in the direction of reading: to older ones from the
     *  newest page or `before`, to newer ones from `after` and `around`. */
    async history ({ userId }: Caller, conversation: string, query: HistoryQuery): Promise<MessagePage> {
      const place = placeOf(query)
      const { head } = await look(store, conversation, userId)
      if (place === null) return older(conversation, undefined, query.limit, userId)
      if ('before' in place) return older(conversation, place.before, query.limit, userId)
      if ('after' in place) return newer(conversation, place.after, query.limit, userId, head)

      const half = Math.ceil(query.limit / 2)
      const past = await older(conversation, place.around + 1, half, userId)
      if (half === query.limit) return { items: past.items, next: encodeCursor({ after: place.around }) }
      const rest = await newer(conversation, place.around, query.limit - half, userId, head)
      return { items: [...past.items, ...rest.items], next: rest.next }
    },

    /** Every entry of the log after a place, in order: what a client lacks that sees a gap. */
    async events ({ userId }: Caller, conversation: string, { limit, cursor, after = 0 }: EventQuery): Promise<EventPage> {
      const { head } = await look(store, conversation, userId)
      const from = cursor === undefined ? after : decodeCursor(EventPlace, cursor).after
      const items: LogEvent[] = []
      let last = from
      for await (const { key, entry } of store.scan({ prefix: prefixes.log(conversation), after: from }, { limit })) {
        last = Number(key.at(-1))
        const event = await loadLogEvent(store, conversation, last, entry, userId)
        if (event !== null) items.push(event)
      }
      return { items, next: last > from && last < head.head ? encodeCursor({ after: last }) : null }
    }
  }
}

const oneAtMost = {
  field: '',
  es: 'before, after, around y cursor se excluyen entre sí',
  en: 'before, after, around and cursor exclude each other'
}

function placeOf ({ before, after, around, cursor }: HistoryQuery): Place | null {
  const given = [before, after, around, cursor].filter((each) => each !== undefined)
  if (given.length > 1) {
    throw new AppError('validation_failed', { faults: [oneAtMost] })
  }
  if (cursor !== undefined) return decodeCursor(Place, cursor)
  if (before !== undefined) return { before }
  if (after !== undefined) return { after }
  return around === undefined ? null : { around }
}
