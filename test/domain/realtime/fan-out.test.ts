import t from 'tap'
import type { ChatEvent, Delivery } from '../../../domain/chat/event-schema.js'
import { encodePosition } from '../../../domain/cursor.js'
import { createAudience } from '../../../domain/realtime/audience.js'
import { createFanOut } from '../../../domain/realtime/fan-out.js'
import type { Item } from '../../../domain/realtime/stream.js'

const historyId = 'history'
const at = '2025-11-10T14:20:01.000Z'
const cursorOf = (sequence: number) => encodePosition(historyId, sequence)

function changed (sequence: number, seq: number): Delivery {
  const event: ChatEvent = { type: 'conversation.changed', cursor: cursorOf(sequence), conversation: 'room', seq, at, data: { name: null, topic: null, by: 'ana' } }
  return { sequence, event, to: { conversation: 'room' } }
}

function added (sequence: number, user: string): Delivery {
  return { sequence, event: { type: 'conversation.added', cursor: cursorOf(sequence), conversation: 'room', at, data: { kind: 'group', role: 'member' } }, to: { user } }
}

function removed (sequence: number, user: string): Delivery {
  return { sequence, event: { type: 'conversation.removed', cursor: cursorOf(sequence), conversation: 'room', at, data: { reason: 'removed' } }, to: { user } }
}

async function setUp (...inRoom: string[]) {
  const audience = createAudience<ReturnType<typeof reader>>(async (userId) => inRoom.includes(userId) ? ['room'] : [])
  const reader = (userId: string) => {
    const items: Item[] = []
    return { userId, items, stream: { put: (item: Item) => { items.push(item) } }, told: () => items.map(({ frame }) => JSON.parse(frame.toString())) }
  }
  const enter = async (userId: string) => {
    const one = reader(userId)
    audience.add(one)
    await audience.enter(one)
    return one
  }
  return { fanOut: createFanOut(audience, () => {}), enter, audience }
}

t.test('an event is made into bytes once for all who get the same', async (t) => {
  const { fanOut, enter } = await setUp('ana', 'bea')
  const [ana, bea] = [await enter('ana'), await enter('bea')]
  fanOut(changed(1, 1))
  t.equal(ana.items[0]?.frame, bea.items[0]?.frame)
})

t.test('the devices of the author get the event as the author sees it', async (t) => {
  const { fanOut, enter } = await setUp('ana', 'bea')
  const [ana, phone, bea] = [await enter('ana'), await enter('ana'), await enter('bea')]
  const { event, ...delivery } = changed(1, 1)
  fanOut({ ...delivery, event, own: { user: 'ana', event: { ...event, at: 'mine' } } })
  t.same([ana, phone, bea].map(({ told }) => told()[0].at), ['mine', 'mine', at])
  t.equal(ana.items[0]?.frame, phone.items[0]?.frame)
})

t.test('a listener from outside who joins hears of it once', async (t) => {
  const { fanOut, enter, audience } = await setUp('ana')
  const [ana, bea] = [await enter('ana'), await enter('bea')]
  audience.listen(bea, 'room')
  const joined: Delivery = { sequence: 1, event: { type: 'member.joined', cursor: 'c', conversation: 'room', seq: 1, at, data: { user: 'bea', role: 'member', by: 'bea' } }, to: { conversation: 'room' } }
  for (const delivery of [joined, added(1, 'bea'), changed(2, 2)]) fanOut(delivery)
  t.same(ana.told().map(({ type }) => type), ['member.joined', 'conversation.changed'])
  t.same(bea.told().map(({ type }) => type), ['conversation.added', 'conversation.changed'])
})

t.test('whoever is added hears what comes after, whoever is removed nothing more', async (t) => {
  const { fanOut, enter } = await setUp('bea')
  const [ana, bea] = [await enter('ana'), await enter('bea')]
  for (const delivery of [removed(1, 'bea'), changed(1, 1), added(1, 'ana'), changed(2, 2)]) fanOut(delivery)
  t.same(ana.told().map(({ type }) => type), ['conversation.added', 'conversation.changed'])
  t.same(bea.told().map(({ type }) => type), ['conversation.removed'])
})
