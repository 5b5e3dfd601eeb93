import t from 'tap'
import { build, pair, text } from './setup.js'

t.test('unread is what came after the marker, messages only', async (t) => {
  const house = await build(t)
  const { id, owner, member } = await pair(house)
  const first = await house.chat.say(owner, id, text('uno'))
  await house.chat.edit(owner, id, first.message.id, { text: 'uno!' })
  const second = await house.chat.say(owner, id, text('dos'))
  await house.chat.say(owner, id, text('tres'))
  t.equal((await house.chat.one(member, id)).unread, 3)
  t.equal((await house.chat.one(owner, id)).unread, 0, 'sending moves the own marker')

  t.same(await house.chat.markRead(member, id, { seq: first.message.seq + 1 }), { conversation: id, seq: first.message.seq + 1, ordinal: 1, unread: 2 })
  t.same(await house.chat.markRead(member, id, { seq: second.message.seq }), { conversation: id, seq: second.message.seq, ordinal: 2, unread: 1 })
  t.match(await house.chat.one(member, id), { unread: 1, readSeq: second.message.seq })
})

t.test('the marker never moves back, and not past the newest entry', async (t) => {
  const house = await build(t)
  const { id, owner, member } = await pair(house)
  const { message } = await house.chat.say(owner, id, text('uno'))
  t.match(await house.chat.markRead(member, id, { seq: 1_000_000 }), { seq: message.seq, ordinal: 1, unread: 0 })
  t.match(await house.chat.markRead(member, id, { seq: 1 }), { seq: message.seq, ordinal: 1, unread: 0 })
  await house.chat.say(owner, id, text('dos'))
  t.match(await house.chat.one(member, id), { unread: 1 })
})

t.test('the other devices hear of it, and the log of a user keeps the last word only', async (t) => {
  const house = await build(t)
  const { id, owner, member } = await pair(house)
  for (let i = 0; i < 20; i++) {
    const { message } = await house.chat.say(owner, id, text('x'))
    await house.chat.markRead(member, id, { seq: message.seq })
    await house.chat.markRead(member, id, { seq: message.seq })
  }
  const updates = house.told.filter(({ event }) => event.type === 'read.updated')
  t.equal(updates.length, 20)
  t.match(updates.at(-1), { to: { user: member.userId }, event: { conversation: id, data: { ordinal: 20 } } })
  let kept = 0
  for await (const { key } of house.store.scan({ prefix: ['personal-log', member.userId] })) kept += key.length > 0 ? 1 : 0
  t.equal(kept, 2)
})

t.test('who is no member has no marker', async (t) => {
  const house = await build(t)
  const [ana, bea] = [house.someone(), house.someone()]
  const { conversation: { id } } = await house.chat.create(ana, { kind: 'channel', name: 'Avisos' })
  await t.rejects(house.chat.markRead(bea, id, { seq: 1 }), { code: 'member_not_found' })
})
