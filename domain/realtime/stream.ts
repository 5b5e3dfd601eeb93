import { decodePosition, encodePosition } from '../cursor.js'
import type { Caller } from '../caller.js'
import { encodeEvent, frames } from '../chat/frames.js'
import type { Replay } from '../chat/repository.js'
import type { Conversation } from '../chat/schema.js'
import { AppError } from '../errors.js'
import { createGate, type GateBounds } from './gate.js'

/** What a stream reads from the store. */
export interface Feed {
  readonly historyId: string
  /** Of the newest durable batch. */
  sequence: () => number
  eventsSince: (userId: string, sequence: number) => Promise<Replay>
  /** The caller's conversations, in pages. */
  conversations: (caller: Caller) => AsyncIterable<readonly Conversation[]>
}

/** Where a stream goes to: the outbox of its socket. */
export interface StreamOut {
  send: (frame: Buffer) => void
  isBusy: () => boolean
  drained: () => Promise<void>
  hasEnded: () => boolean
}

/** One event for one socket. */
export interface Item { sequence: number, frame: Buffer, conversation: string, seq: number | undefined }

interface Round { until: number, replay: Replay }

export type Stream = ReturnType<typeof createStream>

/** Everything one socket is told, in order: what it missed (or a snapshot), then `caught_up`, then what
 *  happens. Each round of the replay covers the log up to a sequence; the gate holds what comes after it. */
export function createStream (feed: Feed, caller: Caller, out: StreamOut, bounds: GateBounds) {
  const gate = createGate<Item>(bounds, (item) => { if (isNews(item)) out.send(item.frame) })
  /** Everything up to here has been sent; null while a snapshot is under way. */
  let position: number | null = null
  let first: Round | undefined
  /** What the snapshot told of each conversation. */
  let heads: Map<string, number> | undefined

  const isNews = ({ conversation, seq }: { conversation: string, seq?: number | undefined }) =>
    heads === undefined || seq === undefined || seq > (heads.get(conversation) ?? -1)

  async function begin (from: number): Promise<Round> {
    const until = feed.sequence()
    gate.begin(until)
    return { until, replay: await feed.eventsSince(caller.userId, from) }
  }

  async function snapshot (): Promise<number> {
    const from = feed.sequence()
    heads = new Map()
    for await (const page of feed.conversations(caller)) {
      for (const { id, head } of page) heads.set(id, head)
      out.send(frames.snapshot({ conversations: [...page], cursor: null }))
      await out.drained()
      if (out.hasEnded()) break
    }
    out.send(frames.snapshot({ conversations: [], cursor: encodePosition(feed.historyId, from) }))
    return from
  }

  /** False where the gate had to forget something. */
  async function replay ({ until, replay }: Round): Promise<boolean> {
    if (!replay.recovered) throw new AppError('too_slow')
    for await (const { sequence, event } of replay.events) {
      if (sequence > until || out.hasEnded()) break
      if (isNews(event)) out.send(encodeEvent(event))
      position = sequence
      if (out.isBusy()) await out.drained()
    }
    position = until
    return gate.open(() => out.send(frames.caught_up({ cursor: encodePosition(feed.historyId, until) })))
  }

  return {
    /** Looks whether what was missed since the cursor can be had. */
    async prepare (cursor: string | undefined): Promise<boolean> {
      const from = cursor === undefined ? null : sequenceOf(cursor, feed)
      if (from === null) return false
      const round = await begin(from)
      if (!round.replay.recovered) return false
      position = from
      first = round
      return true
    },

    /** Brings the socket up to date; what happens from then on comes through `put`. */
    async run (): Promise<void> {
      position ??= await snapshot()
      let round = first ?? await begin(position)
      while (!out.hasEnded() && !await replay(round)) round = await begin(round.until)
      heads = undefined
    },

    put: gate.put,

    /** The cursor of all that has been sent, if it is one to resume from. */
    cursor (): string | null {
      const sequence = gate.isOpen() ? feed.sequence() : position
      return sequence === null ? null : encodePosition(feed.historyId, sequence)
    }
  }
}

/** A cursor of another history, or of a future that this one never had, is not trusted. */
function sequenceOf (cursor: string, feed: Feed): number | null {
  try {
    const { historyId, sequence } = decodePosition(cursor)
    return historyId === feed.historyId && sequence <= feed.sequence() ? sequence : null
  } catch (err) {
    if (err instanceof AppError) return null
    throw err
  }
}
