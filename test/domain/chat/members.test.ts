import t from 'tap'
import type { Caller } from '../../../domain/caller.js'
import { chatLimits } from '../../../domain/chat/limits.js'
import { etag } from '../../../domain/etags.js'
import { newId } from '../../../domain/ids.js'
import { build, group, type House, pair, text } from './setup.js'

const types = (house: House, user: Caller) => house.told
  .filter(({ to }) => 'user' in to && to.user === user.userId).map(({ event }) => event.type)

t.test('join and leave', async (t) => {
  t.test('a channel takes everyone, once', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const { conversation: { id } } = await house.chat.create(ana, { kind: 'channel', name: 'Avisos' })
    await house.chat.say(ana, id, text('antes'))
    t.equal((await house.chat.history(bea, id, { limit: 5 })).items.length, 1, 'who is no member may read')
    t.match((await house.chat.join(bea, id)).conversation, { role: 'member', members: 2, unread: 0 })
    t.match((await house.chat.join(bea, id)).conversation, { members: 2 })
    await house.chat.say(bea, id, text('hola'))
    await house.chat.leave(bea, id)
    t.match(await house.chat.one(bea, id), { role: null, members: 1 })
    await t.rejects(house.chat.leave(bea, id), { code: 'member_not_found' })
    t.same(types(house, bea), ['conversation.added', 'conversation.removed'])
  })

  t.test('with the same key, leaving again is answered and does nothing', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const { conversation: { id } } = await house.chat.create(ana, { kind: 'channel', name: 'Avisos' })
    t.match(await house.chat.join(bea, id, 'a'), { replayed: false })
    t.match(await house.chat.join(bea, id, 'a'), { replayed: true })
    t.match(await house.chat.leave(bea, id, 'b'), { replayed: false })
    t.match(await house.chat.leave(bea, id, 'b'), { replayed: true })
    await t.rejects(house.chat.join(bea, id, 'b'), { code: 'idempotency_key_reused' })
  })

  t.test('a group takes nobody who comes by himself', async (t) => {
    const house = await build(t)
    const { id } = await pair(house)
    await t.rejects(house.chat.join(house.someone(), id), { code: 'conversation_not_found' })
  })

  t.test('the last owner stays until there is another one', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await t.rejects(house.chat.leave(owner, id), { code: 'last_owner' })
    await t.rejects(house.chat.removeMember(owner, id, owner.userId), { code: 'last_owner' })
    await t.rejects(house.chat.changeMember(owner, id, owner.userId, { role: 'member' }), { code: 'last_owner' })
    await house.chat.changeMember(owner, id, member.userId, { role: 'owner' })
    await house.chat.leave(owner, id)
    await t.rejects(house.chat.leave(member, id), { code: 'last_owner' })
  })

  t.test('of two owners who leave at once, one stays', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await house.chat.changeMember(owner, id, member.userId, { role: 'owner' })
    const outcomes = await Promise.allSettled([house.chat.leave(owner, id), house.chat.leave(member, id)])
    t.same(outcomes.map(({ status }) => status), ['fulfilled', 'rejected'])
  })
})

t.test('who may lead whom', async (t) => {
  const rows = [
    { by: 'owner', does: 'add', as: 'owner', fine: true },
    { by: 'owner', does: 'add', as: 'member', fine: true },
    { by: 'admin', does: 'add', as: 'member', fine: true },
    { by: 'admin', does: 'add', as: 'admin', fine: false },
    { by: 'member', does: 'add', as: 'member', fine: false },
    { by: 'owner', does: 'remove', as: 'admin', fine: true },
    { by: 'admin', does: 'remove', as: 'member', fine: true },
    { by: 'admin', does: 'remove', as: 'admin', fine: false },
    { by: 'admin', does: 'remove', as: 'owner', fine: false },
    { by: 'member', does: 'remove', as: 'member', fine: false },
    { by: 'owner', does: 'raise', as: 'member', fine: true },
    { by: 'admin', does: 'raise', as: 'member', fine: false },
    { by: 'member', does: 'raise', as: 'member', fine: false }
  ] as const
  for (const { by, does, as, fine } of rows) {
    t.test(`${by} ${fine ? 'may' : 'may not'} ${does} ${as}`, async (t) => {
      const house = await build(t)
      const { id, owner } = await group(house, 0)
      const [leader, other] = [house.someone(), house.someone()]
      await house.chat.addMember(owner, id, leader.userId, { role: by })
      if (does !== 'add') await house.chat.addMember(owner, id, other.userId, { role: as })
      const act: Promise<unknown> = does === 'add'
        ? house.chat.addMember(leader, id, other.userId, { role: as })
        : does === 'remove'
          ? house.chat.removeMember(leader, id, other.userId)
          : house.chat.changeMember(leader, id, other.userId, { role: 'admin' })
      if (fine) await act
      else await t.rejects(act, { code: 'forbidden' })
    })
  }
})

t.test('addMember', async (t) => {
  t.test('adds once, tells the others and the new one, and changes a role where one is given', async (t) => {
    const house = await build(t)
    const { id, owner } = await group(house, 0)
    const bea = house.someone()
    const first = await house.chat.addMember(owner, id, bea.userId, {})
    t.match(first, { created: true, member: { user: bea.userId, role: 'member' } })
    t.same(await house.chat.addMember(owner, id, bea.userId, {}), { ...first, created: false })
    t.match(await house.chat.addMember(owner, id, bea.userId, { role: 'admin' }), { created: false, member: { role: 'admin' } })
    t.match(house.told.slice(-3).map(({ event }) => event), [
      { type: 'member.joined', data: { user: bea.userId, role: 'member', by: owner.userId } },
      { type: 'conversation.added', data: { kind: 'group', role: 'member' } },
      { type: 'member.changed', data: { user: bea.userId, role: 'admin', by: owner.userId } }
    ])
  })

  t.test('If-Match is about somebody who is there', async (t) => {
    const house = await build(t)
    const { id, owner } = await group(house, 0)
    const bea = house.someone()
    for (const ifMatch of ['*', '"1"']) await t.rejects(house.chat.addMember(owner, id, bea.userId, {}, ifMatch), { code: 'precondition_failed' })
    const { member } = await house.chat.addMember(owner, id, bea.userId, {})
    await t.rejects(house.chat.addMember(owner, id, bea.userId, { role: 'admin' }, etag(member.version + 1)), { code: 'precondition_failed' })
    t.match(await house.chat.addMember(owner, id, bea.userId, { role: 'admin' }, etag(member.version)), { member: { role: 'admin' } })
  })

  t.test('nobody who does not exist, and not for a stranger', async (t) => {
    const house = await build(t)
    const { id, owner } = await group(house, 0)
    await t.rejects(house.chat.addMember(owner, id, newId(), {}), { code: 'user_not_found' })
    const bea = house.someone()
    await t.rejects(house.chat.addMember(bea, id, bea.userId, {}), { code: 'conversation_not_found' })
  })

  t.test('up to the bounds of a conversation and of a user', async (t) => {
    const { membersMax, conversationsMax } = chatLimits
    t.teardown(() => Object.assign(chatLimits, { membersMax, conversationsMax }))
    const house = await build(t)
    const { id, owner } = await group(house, 1)
    chatLimits.membersMax = 2
    await t.rejects(house.chat.addMember(owner, id, house.someone().userId, {}), { code: 'conversation_full' })
    chatLimits.conversationsMax = 1
    await t.rejects(house.chat.create(owner, { kind: 'group', name: 'x' }), { code: 'too_many_conversations' })
  })
})

t.test('changeMember minds the version that it is about', async (t) => {
  const house = await build(t)
  const { id, owner, member } = await pair(house)
  const seen = (await house.chat.members(owner, id, { limit: 10 })).items.find(({ user }) => user === member.userId)
  await house.chat.say(member, id, text('lo que se dice no cambia a nadie'))
  const changed = await house.chat.changeMember(owner, id, member.userId, { role: 'admin' }, etag(seen?.version ?? 0))
  t.equal(changed.role, 'admin')
  await t.rejects(house.chat.changeMember(owner, id, member.userId, { role: 'member' }, etag(seen?.version ?? 0)), { code: 'precondition_failed' })
  await t.rejects(house.chat.changeMember(owner, id, newId(), { role: 'member' }), { code: 'member_not_found' })
  await t.rejects(house.chat.removeMember(owner, id, newId()), { code: 'member_not_found' })
})

t.test('whoever was removed has no access from that batch on', async (t) => {
  const house = await build(t)
  const { id, owner, member } = await pair(house)
  await house.chat.removeMember(owner, id, member.userId)
  await house.chat.say(owner, id, text('ya no'))
  const mine = house.told.slice(-3)
  t.match(mine.map(({ event }) => event.type), ['conversation.removed', 'member.left', 'message.created'])
  t.match(mine[0], { to: { user: member.userId }, event: { data: { reason: 'removed' } } })
  const acts: (() => Promise<unknown>)[] = [
    () => house.chat.one(member, id),
    () => house.chat.history(member, id, { limit: 5 }),
    () => house.chat.events(member, id, { limit: 5 }),
    () => house.chat.members(member, id, { limit: 5 }),
    () => house.chat.markRead(member, id, { seq: 1 }),
    () => house.chat.say(member, id, text('x'))
  ]
  for (const act of acts) await t.rejects(act, { code: 'conversation_not_found' })
})

t.test('members come in pages, sorted by user', async (t) => {
  const house = await build(t)
  const { id, owner } = await group(house, 9)
  const first = await house.chat.members(owner, id, { limit: 6 })
  const second = await house.chat.members(owner, id, { limit: 6, cursor: first.next ?? '' })
  t.equal(second.next, null)
  const users = [...first.items, ...second.items].map(({ user }) => user)
  t.equal(users.length, 10)
  t.same(users, [...users].sort())
})
