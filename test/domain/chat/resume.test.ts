import t from 'tap'
import type { Caller } from '../../../domain/caller.js'
import type { ChatEvent } from '../../../domain/chat/event-schema.js'
import { decodePosition } from '../../../domain/cursor.js'
import { build, collect, group, type House, pair, text } from './setup.js'

async function missed ({ chat }: House, { userId }: Caller, since: number): Promise<ChatEvent[]> {
  const replay = await chat.eventsSince(userId, since)
  if (!replay.recovered) throw new Error(replay.reason)
  const events = await collect(replay.events)
  for (const { sequence, event } of events) if (decodePosition(event.cursor).sequence !== sequence) throw new Error('the cursor of an event is its sequence')
  return events.map(({ event }) => event)
}

t.test('what was missed comes in commit order over all conversations, and equals what was told', async (t) => {
  const house = await build(t)
  const { owner: ana, member: bea, id: first } = await pair(house)
  const { conversation: { id: second } } = await house.chat.openDirect(ana, bea.userId)
  const { id: foreign, owner: eva } = await pair(house)
  await house.chat.say(ana, first, text('visto'))
  const since = house.store.sequence
  const told = house.told.length

  await house.chat.say(ana, first, text('1'))
  await house.chat.say(ana, second, text('2'))
  await house.chat.say(eva, foreign, text('ajeno'))
  await house.chat.say(ana, first, text('3'))
  await house.chat.markRead(bea, first, { seq: 1_000 })
  const { conversation: { id: third } } = await house.chat.create(ana, { kind: 'group', name: 'Nuevo', members: [bea.userId] })
  await house.chat.say(ana, third, text('4'))

  const events = await missed(house, bea, since)
  t.same(events.map(({ type, conversation }) => [type, conversation]), [
    ['message.created', first], ['message.created', second], ['message.created', first],
    ['read.updated', first], ['conversation.added', third], ['message.created', third]
  ])
  const mine = house.told.slice(told).filter(({ to, event }) => 'user' in to
    ? to.user === bea.userId
    : to.conversation !== foreign && event.type === 'message.created')
  t.same(events, mine.map(({ event }) => event))
})

t.test('from every position exactly the rest', async (t) => {
  const house = await build(t)
  const { owner: ana, members: [bea = ana], id } = await group(house, 1)
  const { conversation: { id: direct } } = await house.chat.openDirect(ana, bea.userId)
  const positions: number[] = [house.store.sequence]
  for (let i = 0; i < 40; i++) {
    const { message } = await house.chat.say(ana, i % 3 === 0 ? direct : id, text(`${i}`))
    positions.push(house.store.sequence)
    if (i % 5 === 0) {
      await house.chat.edit(ana, message.conversation, message.id, { text: `${i}!` })
      positions.push(house.store.sequence)
    }
  }
  const all = await missed(house, bea, positions[0] ?? 0)
  t.equal(all.length, positions.length - 1)
  for (const [i, position] of positions.entries()) t.same(await missed(house, bea, position), all.slice(i), `from ${position}`)
})

t.test('a message that was edited later does not come again as a new one', async (t) => {
  const house = await build(t)
  const { owner: ana, member: bea, id } = await pair(house)
  const { message } = await house.chat.say(ana, id, text('uno'))
  const since = house.store.sequence
  await house.chat.edit(ana, id, message.id, { text: 'dos' })
  t.match(await missed(house, bea, since), [{ type: 'message.edited', data: { text: 'dos' } }])
})

t.test('what was deleted meanwhile is a tombstone', async (t) => {
  const house = await build(t)
  const { owner: ana, member: bea, id } = await pair(house)
  const since = house.store.sequence
  const { message } = await house.chat.say(ana, id, text('secreto'))
  await house.chat.remove(ana, id, message.id)
  const events = await missed(house, bea, since)
  t.match(events, [{ type: 'message.created', data: { text: '' } }, { type: 'message.deleted' }])
  t.notMatch(JSON.stringify(events), /secreto/)
})

t.test('nothing from before joining, nothing after leaving', async (t) => {
  const house = await build(t)
  const [ana, bea] = [house.someone(), house.someone()]
  const { conversation: { id } } = await house.chat.create(ana, { kind: 'channel', name: 'Avisos' })
  const since = house.store.sequence
  await house.chat.say(ana, id, text('antes'))
  await house.chat.join(bea, id)
  await house.chat.say(ana, id, text('dentro'))
  t.match(await missed(house, bea, since), [{ type: 'conversation.added' }, { type: 'message.created', data: { text: 'dentro' } }])
  await house.chat.leave(bea, id)
  await house.chat.say(ana, id, text('fuera'))
  const events = await missed(house, bea, since)
  t.same(events.map(({ type }) => type), ['conversation.added', 'conversation.removed'])
})

t.test('ends where the store was at the start, however long the reading takes', async (t) => {
  const house = await build(t)
  const { owner: ana, member: bea, id } = await pair(house)
  const since = house.store.sequence
  for (let i = 0; i < 700; i++) await house.chat.say(ana, id, text(`${i}`))
  const replay = await house.chat.eventsSince(bea.userId, since)
  if (!replay.recovered) throw new Error(replay.reason)
  t.equal(replay.upTo, house.store.sequence)
  let count = 0
  for await (const { event } of replay.events) {
    t.match(event, { data: { text: `${count}` } })
    if (count++ % 100 === 0) await house.chat.say(ana, id, text('después'))
  }
  t.equal(count, 700)
})

t.test('too far back', async (t) => {
  const house = await build(t)
  const { owner: ana, member: bea, id } = await pair(house)
  const since = house.store.sequence
  for (let i = 0; i < 10; i++) await house.chat.say(ana, id, text(`${i}`))
  t.match(await house.chat.eventsSince(bea.userId, since, { limitEntries: 10 }), { recovered: true })
  t.same(await house.chat.eventsSince(bea.userId, since, { limitEntries: 9 }), { recovered: false, reason: 'too_far_back' })
  t.same(await house.chat.eventsSince(bea.userId, house.store.sequence + 1), { recovered: false, reason: 'unknown_position' })
})

t.test('looks only at conversations that have moved', async (t) => {
  const house = await build(t)
  const [ana, bea] = [house.someone(), house.someone()]
  const ids: string[] = []
  for (let i = 0; i < 50; i++) ids.push((await house.chat.create(ana, { kind: 'group', name: `g${i}`, members: [bea.userId] })).conversation.id)
  for (let i = 0; i < 300; i++) await house.chat.say(ana, ids[7] ?? '', text(`${i}`))
  const since = house.store.sequence
  await house.chat.say(ana, ids[7] ?? '', text('nuevo'))
  const get = house.store.get
  let looks = 0
  house.store.get = (key) => {
    if (key[0] === 'log') looks++
    return get(key)
  }
  t.match(await missed(house, bea, since), [{ data: { text: 'nuevo' } }])
  t.ok(looks <= 3, `${looks} looks into logs`)
})
