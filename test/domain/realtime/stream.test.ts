import fc from 'fast-check'
import t from 'tap'
import type { LogEvent } from '../../../domain/chat/event-schema.js'
import type { Conversation } from '../../../domain/chat/schema.js'
import { encodePosition } from '../../../domain/cursor.js'
import { createStream, type Feed, type Item } from '../../../domain/realtime/stream.js'
import { turn } from './fake-wire.js'

const historyId = 'history'
const at = '2025-11-10T14:20:01.000Z'
const caller = { userId: 'ana', sessionId: 's' }

const eventOf = (sequence: number, seq: number): LogEvent =>
  ({ type: 'conversation.changed', cursor: encodePosition(historyId, sequence), conversation: 'room', seq, at, data: { name: null, topic: null, by: 'bea' } })

const conversation = (head: number): Conversation => ({
  id: 'room', kind: 'group', name: 'Room', topic: null, peer: null, createdAt: at, createdBy: 'bea', members: 2, head, ordinal: 0, activeAt: at, role: 'member', readSeq: 0, unread: 0, version: 1
})

/** A store with one conversation. */
function createFakeFeed (replayMax = Infinity) {
  const log: { sequence: number, event: LogEvent }[] = []
  let sequence = 0
  const listeners: ((item: Item) => void)[] = []

  async function * after (from: number, upTo: number) {
    for (const entry of log.filter((entry) => entry.sequence > from && entry.sequence <= upTo)) {
      await turn()
      yield entry
    }
  }

  const feed: Feed = {
    historyId,
    sequence: () => sequence,
    async eventsSince (_userId, from) {
      const upTo = sequence
      await turn()
      if (log.filter((entry) => entry.sequence > from).length > replayMax) return { recovered: false, reason: 'too_far_back' }
      return { recovered: true, upTo, events: after(from, upTo) }
    },
    async * conversations () {
      await turn()
      yield [conversation(log.length)]
      await turn()
    }
  }

  return {
    feed,
    log,
    listen: (listener: (item: Item) => void) => listeners.push(listener),
    commit (entries: number) {
      for (let i = 0; i < entries; i++) {
        sequence++
        const event = eventOf(sequence, log.length + 1)
        log.push({ sequence, event })
        const frame = Buffer.from(JSON.stringify(event))
        for (const listener of listeners) listener({ sequence, frame, conversation: 'room', seq: event.seq })
      }
    }
  }
}

interface Frame { type: string, seq?: number, cursor?: string, data: { cursor?: string | null, conversations?: Conversation[] } }

/** A device that keeps what it received. */
function createDevice (isBusy: () => boolean = () => false) {
  const received: Frame[] = []
  let ended = false
  return {
    received,
    end () { ended = true },
    seqs: () => received.flatMap(({ seq }) => seq === undefined ? [] : [seq]),
    out: {
      send: (frame: Buffer) => { if (!ended) received.push(JSON.parse(frame.toString())) },
      isBusy,
      drained: turn,
      hasEnded: () => ended
    }
  }
}

const bounds = { heldFramesMax: 4, heldBytesMax: 10_000 }
const isDense = (seqs: number[], from: number, to: number) => seqs.join() === Array.from({ length: to - from }, (_, i) => from + i + 1).join()

t.test('whatever is written meanwhile: all of it, once, in order', async () => {
  const plan = fc.record({
    before: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 10 }),
    meanwhile: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }),
    start: fc.nat({ max: 10 }),
    busy: fc.boolean()
  })
  await fc.assert(fc.asyncProperty(plan, async ({ before, meanwhile, start, busy }) => {
    const { feed, log, commit, listen } = createFakeFeed()
    for (const entries of before) commit(entries)
    const from = Math.min(start, log.length)
    const held = log.filter(({ sequence }) => sequence <= from).length
    const device = createDevice(() => busy)
    const stream = createStream(feed, caller, device.out, bounds)
    listen(stream.put)
    const running = stream.prepare(encodePosition(historyId, from)).then(() => stream.run())
    for (const entries of meanwhile) {
      if (entries > 0) commit(entries)
      await turn()
    }
    await running
    commit(2)
    return isDense(device.seqs(), held, log.length) && device.received.filter(({ type }) => type === 'caught_up').length === 1
  }), { numRuns: 100 })
})

t.test('a device that is cut off anywhere, again and again, has the whole log, nothing twice', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }), async (cuts) => {
    const { feed, log, commit, listen } = createFakeFeed()
    const order: number[] = []
    let cursor = encodePosition(historyId, 0)
    commit(3)
    for (const cut of [...cuts, Infinity]) {
      const device = createDevice()
      const stream = createStream(feed, caller, device.out, bounds)
      listen(stream.put)
      const running = stream.prepare(cursor).then(() => stream.run())
      for (let i = 0; i < 5; i++) {
        commit(1 + i % 3)
        await turn()
      }
      await running
      device.end()
      for (const { seq, cursor: next } of device.received.slice(0, cut)) {
        if (seq !== undefined) order.push(seq)
        cursor = next ?? cursor
      }
    }
    return isDense(order, 0, log.length)
  }), { numRuns: 50 })
})

t.test('without a position that can be had, a snapshot comes, then what it does not have', async (t) => {
  const cursors = {
    'no cursor': undefined,
    'another history': encodePosition('other', 1),
    'a future that never was': encodePosition(historyId, 99),
    'no cursor of ours': 'nonsense'
  }
  for (const [name, cursor] of Object.entries(cursors)) {
    const { feed, log, commit, listen } = createFakeFeed()
    commit(2)
    const device = createDevice()
    const stream = createStream(feed, caller, device.out, bounds)
    listen(stream.put)
    t.equal(await stream.prepare(cursor), false, name)
    t.equal(stream.cursor(), null, 'there is nothing to resume from yet')
    const running = stream.run()
    for (let i = 0; i < 6; i++) {
      commit(1)
      await turn()
    }
    await running
    const [first, last] = device.received
    t.equal(first?.type, 'snapshot')
    t.equal(last?.data.cursor, encodePosition(historyId, 2), 'the last page has the cursor')
    t.ok(isDense(device.seqs(), first?.data.conversations?.[0]?.head ?? 0, log.length), 'nothing is missing, nothing comes twice')
  }
})

t.test('what is too far back is answered with a snapshot', async (t) => {
  const { feed, commit } = createFakeFeed(5)
  commit(6)
  const device = createDevice()
  const stream = createStream(feed, caller, device.out, bounds)
  t.equal(await stream.prepare(encodePosition(historyId, 0)), false)
  await stream.run()
  t.same(device.received.map(({ type }) => type), ['snapshot', 'snapshot', 'caught_up'])
})

t.test('its cursor never claims more than what was sent', async (t) => {
  const { feed, commit, listen } = createFakeFeed()
  commit(1)
  commit(1)
  const device = createDevice()
  const stream = createStream(feed, caller, device.out, bounds)
  listen(stream.put)
  await stream.prepare(encodePosition(historyId, 0))
  t.equal(stream.cursor(), encodePosition(historyId, 0))
  await stream.run()
  t.equal(stream.cursor(), encodePosition(historyId, 2))
  commit(1)
  t.equal(stream.cursor(), encodePosition(historyId, 3))
})
