import t from 'tap'
import { chatLimits } from '../../../domain/chat/limits.js'
import { etag } from '../../../domain/etags.js'
import type { Key } from '../../../storage/index.js'
import { build, group, type House, pair, text } from './setup.js'

/** Every key that has to do with a conversation. */
async function traces ({ store }: House, id: string): Promise<Key[]> {
  const found: Key[] = []
  for (const prefix of ['conversations', 'heads', 'channels', 'members', 'reads', 'memberships', 'log', 'client-ids', 'purges']) {
    for await (const { key } of store.scan({ prefix: [prefix] })) if (key.includes(id)) found.push(key)
  }
  return found
}

t.test('close', async (t) => {
  t.test('leaves nothing of the conversation, and each member is told', async (t) => {
    const house = await build(t)
    const { id, owner, members } = await group(house, 5)
    for (let i = 0; i < 20; i++) await house.chat.say(owner, id, { ...text(`${i}`), clientId: `c${i}` })
    await house.chat.close(owner, id)
    await house.settled()
    t.same(await traces(house, id), [])
    const told = house.told.slice(-7)
    t.match(told[0], { to: { conversation: id }, event: { type: 'conversation.deleted', data: { by: owner.userId } } })
    t.same(told.slice(1).map(({ to, event }) => [to, event.type, event.data]).sort(),
      [owner, ...members].map(({ userId }) => [{ user: userId }, 'conversation.removed', { reason: 'deleted' }]).sort())
  })

  t.test('it is gone for everyone before the rest is', async (t) => {
    const house = await build(t, { defer: () => {} })
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(owner, id, text('x'))
    const since = house.store.sequence - 1
    await house.chat.close(owner, id)
    t.ok((await traces(house, id)).length > 0)
    const acts: (() => Promise<unknown>)[] = [
      () => house.chat.one(owner, id),
      () => house.chat.say(owner, id, text('x')),
      () => house.chat.edit(owner, id, message.id, { text: 'y' }),
      () => house.chat.history(member, id, { limit: 5 }),
      () => house.chat.events(member, id, { limit: 5 }),
      () => house.chat.members(member, id, { limit: 5 }),
      () => house.chat.markRead(member, id, { seq: 1 }),
      () => house.chat.close(owner, id)
    ]
    for (const act of acts) await t.rejects(act, { code: 'conversation_not_found' })
    t.same((await house.chat.list(owner, { limit: 5 })).items, [])
    t.match(await house.chat.eventsSince(member.userId, since), { recovered: true })
  })

  t.test('what a crash left undone is taken up at the start, in bounded steps', async (t) => {
    const { purgeMembers, purgeRows } = chatLimits
    t.teardown(() => Object.assign(chatLimits, { purgeMembers, purgeRows }))
    Object.assign(chatLimits, { purgeMembers: 2, purgeRows: 3 })
    const house = await build(t, { defer: () => {} })
    const { id, owner } = await group(house, 4)
    for (let i = 0; i < 10; i++) await house.chat.say(owner, id, text(`${i}`))
    await house.chat.close(owner, id)
    const sizes: number[] = []
    house.store.subscribe(({ changes }) => sizes.push(changes.length))
    await Promise.all([house.chat.purge(), house.chat.purge()])
    t.same(await traces(house, id), [])
    t.ok(sizes.every((size) => size <= 10), `${Math.max(...sizes)} changes at most`)
    t.equal(house.told.filter(({ event }) => event.type === 'conversation.removed').length, 5, 'nobody is told twice')
    await house.chat.purge()
  })

  t.test('only owners may, of the version that they saw', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await t.rejects(house.chat.close(member, id), { code: 'forbidden' })
    await t.rejects(house.chat.close(house.someone(), id), { code: 'conversation_not_found' })
    await t.rejects(house.chat.close(owner, id, etag(1_000_000)), { code: 'precondition_failed' })
  })

  t.test('it counts no longer among the conversations of its members', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    await house.chat.close(owner, id)
    await house.settled()
    t.match(await house.store.get(['personal', owner.userId]), { value: { conversations: 0 } })
    t.same(await house.chat.conversationsOf(owner.userId), [])
  })
})
