import t from 'tap'
import { etag } from '../../../domain/etags.js'
import { newId } from '../../../domain/ids.js'
import { build, pair, text } from './setup.js'

t.test('create', async (t) => {
  t.test('a group has an owner, its members, and says so to each of them', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const { conversation, replayed } = await house.chat.create(ana, { kind: 'group', name: 'Equipo', topic: 'Lunes', members: [bea.userId, ana.userId] })
    t.equal(replayed, false)
    t.match(conversation, { kind: 'group', name: 'Equipo', topic: 'Lunes', peer: null, members: 2, role: 'owner', unread: 0, head: 2, ordinal: 0, createdBy: ana.userId })
    t.match(await house.chat.one(bea, conversation.id), { role: 'member', unread: 0 })
    const added = house.told.filter(({ event }) => event.type === 'conversation.added')
    t.same(added.map(({ to }) => to), [{ user: ana.userId }, { user: bea.userId }])
  })

  t.test('with the same key it is made once', async (t) => {
    const house = await build(t)
    const ana = house.someone()
    const input = { kind: 'group' as const, name: 'Equipo' }
    const made = await Promise.all([1, 2, 3].map(() => house.chat.create(ana, input, 'k')))
    t.same(made.map(({ replayed }) => replayed), [false, true, true])
    t.equal(new Set(made.map(({ conversation }) => conversation.id)).size, 1)
    t.equal((await house.chat.list(ana, { limit: 10 })).items.length, 1)
    await t.rejects(house.chat.create(ana, { ...input, name: 'Otro' }, 'k'), { code: 'idempotency_key_reused' })
  })

  t.test('unknown members are refused', async (t) => {
    const house = await build(t)
    await t.rejects(house.chat.create(house.someone(), { kind: 'group', name: 'x', members: [newId()] }), { code: 'user_not_found' })
  })
})

t.test('openDirect', async (t) => {
  t.test('two people have one, whoever opens it and however many do so at once', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const opened = await Promise.all([house.chat.openDirect(ana, bea.userId), house.chat.openDirect(bea, ana.userId), house.chat.openDirect(ana, bea.userId)])
    t.same(opened.map(({ created }) => created), [true, false, false])
    t.equal(new Set(opened.map(({ conversation }) => conversation.id)).size, 1)
    t.match(opened[0]?.conversation, { kind: 'direct', name: null, peer: bea.userId, members: 2, role: 'member' })
    t.match(opened[1]?.conversation, { peer: ana.userId })
  })

  t.test('not with oneself, not with nobody', async (t) => {
    const house = await build(t)
    const ana = house.someone()
    await t.rejects(house.chat.openDirect(ana, ana.userId), { code: 'conversation_kind_unsuitable' })
    await t.rejects(house.chat.openDirect(ana, newId()), { code: 'user_not_found' })
  })

  t.test('it can be neither changed, left nor closed, and takes nobody else', async (t) => {
    const house = await build(t)
    const [ana, bea, eva] = [house.someone(), house.someone(), house.someone()]
    const { conversation: { id } } = await house.chat.openDirect(ana, bea.userId)
    const refused = { code: 'conversation_kind_unsuitable' }
    await t.rejects(house.chat.change(ana, id, { name: 'x' }), refused)
    await t.rejects(house.chat.leave(ana, id), refused)
    await t.rejects(house.chat.close(ana, id), refused)
    await t.rejects(house.chat.addMember(ana, id, eva.userId, {}), refused)
    await t.rejects(house.chat.removeMember(ana, id, bea.userId), refused)
    await t.rejects(house.chat.changeMember(ana, id, bea.userId, { role: 'owner' }), refused)
    await t.rejects(house.chat.one(eva, id), { code: 'conversation_not_found' })
  })
})

t.test('list', async (t) => {
  t.test('pages through the conversations of the caller in the order of their making', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const made: string[] = []
    for (let i = 0; i < 7; i++) made.push((await house.chat.create(ana, { kind: i % 2 ? 'group' : 'channel', name: `c${i}` })).conversation.id)
    await house.chat.create(bea, { kind: 'group', name: 'ajena' })
    const listed: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await house.chat.list(ana, { limit: 3, ...cursor ? { cursor } : {} })
      t.ok(page.items.length <= 3)
      listed.push(...page.items.map(({ id }) => id))
      cursor = page.next
    } while (cursor !== null)
    t.same(listed, made)
  })

  t.test('public channels are found by everyone, groups are not', async (t) => {
    const house = await build(t)
    const [ana, bea] = [house.someone(), house.someone()]
    const { conversation } = await house.chat.create(ana, { kind: 'channel', name: 'Avisos' })
    await house.chat.create(ana, { kind: 'group', name: 'Equipo' })
    t.match(await house.chat.list(bea, { limit: 10, scope: 'public' }), { items: [{ id: conversation.id, name: 'Avisos', role: null, readSeq: null, unread: 0 }], next: null })
    t.same((await house.chat.list(bea, { limit: 10 })).items, [])
    t.equal((await house.chat.list(bea, { limit: 10, scope: 'public' })).items.length, 1)
  })

  t.test('a foreign cursor is refused', async (t) => {
    const house = await build(t)
    await t.rejects(house.chat.list(house.someone(), { limit: 3, cursor: 'zz' }), { code: 'cursor_invalid' })
  })
})

t.test('change', async (t) => {
  t.test('owners and admins change name and topic; the others hear of it', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await t.rejects(house.chat.change(member, id, { name: 'x' }), { code: 'forbidden' })
    const before = await house.chat.one(owner, id)
    const after = await house.chat.change(owner, id, { name: 'Otro', topic: 'Martes' }, etag(before.version))
    t.match(after, { name: 'Otro', topic: 'Martes' })
    t.match(house.told.at(-1)?.event, { type: 'conversation.changed', data: { name: 'Otro', topic: 'Martes', by: owner.userId } })
    await t.rejects(house.chat.change(owner, id, { name: 'x' }, etag(before.version)), { code: 'precondition_failed' })
    t.match(await house.chat.change(owner, id, { topic: null }), { name: 'Otro', topic: null })
  })

  t.test('its version is not that of what is said in it', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const before = await house.chat.one(owner, id)
    await house.chat.say(owner, id, text('hola'))
    t.equal((await house.chat.one(owner, id)).version, before.version)
    await house.chat.change(owner, id, { name: 'Otro' }, etag(before.version))
  })

  t.test('no change is no event', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const before = house.told.length
    await house.chat.change(owner, id, { name: 'Equipo' })
    await house.chat.change(owner, id, {})
    t.equal(house.told.length, before)
  })
})

t.test('no name and no text is in a key or in the open part of a value', async (t) => {
  const house = await build(t)
  const { id, owner } = await pair(house)
  await house.chat.say(owner, id, { ...text('MARCA-texto'), clientId: 'MARCA-cliente', metadata: { marca: 'MARCA-meta' } })
  await house.chat.change(owner, id, { name: 'MARCA-nombre', topic: 'MARCA-tema' })
  await house.chat.create(owner, { kind: 'channel', name: 'MARCA-canal' }, 'MARCA-clave')
  for (const prefix of ['conversations', 'heads', 'channels', 'members', 'reads', 'memberships', 'log', 'client-ids', 'personal', 'personal-log', 'idempotency']) {
    for await (const { key, entry } of house.store.scan({ prefix: [prefix] })) t.notMatch(JSON.stringify([key, entry.value]), /MARCA/)
  }
})
