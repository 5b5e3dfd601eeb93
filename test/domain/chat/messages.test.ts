import t from 'tap'
import { chatLimits } from '../../../domain/chat/limits.js'
import { etag } from '../../../domain/etags.js'
import { newId } from '../../../domain/ids.js'
import { build, group, pair, text } from './setup.js'

t.test('say', async (t) => {
  t.test('answers with the stored message, and the other one reads the same', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message, duplicate } = await house.chat.say(owner, id, { ...text('hola'), metadata: { color: 'azul', n: 3, ok: true } })
    t.equal(duplicate, false)
    t.match(message, { conversation: id, seq: 3, ordinal: 1, author: owner.userId, kind: 'text', text: 'hola', attachments: [], metadata: { color: 'azul', n: 3, ok: true }, editedAt: null, deletedAt: null })
    t.match(message.id, /^3-[0-9A-Z]{10}$/)
    t.same(await house.chat.message(member, id, message.id), message)
  })

  t.test('256 senders at once get dense numbers in few groups, and each entry once', async (t) => {
    const house = await build(t)
    const { id, owner, members } = await group(house, 100)
    const others = Array.from({ length: 155 }, house.someone)
    for (const { userId } of others) await house.chat.addMember(owner, id, userId, {})
    const start = (await house.chat.one(owner, id)).head
    const groups = house.store.stats().groups
    const everyone = [owner, ...members, ...others]
    const sent = await Promise.all(everyone.map((caller, i) => house.chat.say(caller, id, text(`m${i}`))))
    t.equal(sent.length, 256)
    t.same(sent.map(({ message }) => message.seq).sort((a, b) => a - b), Array.from({ length: 256 }, (_, i) => start + 1 + i))
    t.same(new Set(sent.map(({ message }) => message.ordinal)).size, 256)
    t.ok(house.store.stats().groups - groups < 10, 'many messages share a group')
    t.match(await house.chat.one(owner, id), { head: start + 256, ordinal: 256 })
  })

  t.test('the same clientId is stored once, however many arrive at once', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const input = { ...text('una vez'), clientId: 'c-1' }
    const sent = await Promise.all(Array.from({ length: 5 }, () => house.chat.say(owner, id, input)))
    t.same(sent.map(({ duplicate }) => duplicate), [false, true, true, true, true])
    for (const { message } of sent) t.same(message, sent[0]?.message)
    t.equal((await house.chat.history(owner, id, { limit: 50 })).items.length, 1)
    t.equal(house.told.filter(({ event }) => event.type === 'message.created').length, 1)
  })

  t.test('256 concurrent sends of 64 clientIds store 64', async (t) => {
    const house = await build(t)
    const { id, owner, members } = await group(house, 3)
    const everyone = [owner, ...members]
    const sent = await Promise.all(Array.from({ length: 256 }, (_, i) => {
      const caller = everyone[i % 4] ?? owner
      return house.chat.say(caller, id, { ...text(`m${i % 64}`), clientId: `c${i % 64}` })
    }))
    t.equal(sent.filter(({ duplicate }) => !duplicate).length, 64)
    t.equal((await house.chat.one(owner, id)).ordinal, 64)
    t.same(sent.slice(0, 64).map(({ message }) => message.id), sent.slice(192).map(({ message }) => message.id))
  })

  t.test('the same clientId with other words is refused; of another sender it is another message', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await house.chat.say(owner, id, { ...text('uno'), clientId: 'c' })
    await t.rejects(house.chat.say(owner, id, { ...text('dos'), clientId: 'c' }), { code: 'client_id_reused' })
    t.equal((await house.chat.say(member, id, { ...text('dos'), clientId: 'c' })).duplicate, false)
  })

  t.test('a repeated send after an edit shows the message as it is; after a deletion, its tombstone', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const input = { ...text('uno'), clientId: 'c' }
    const { message } = await house.chat.say(owner, id, input)
    await house.chat.edit(owner, id, message.id, { text: 'dos' })
    t.match(await house.chat.say(owner, id, input), { duplicate: true, message: { id: message.id, text: 'dos' } })
    await house.chat.remove(owner, id, message.id)
    t.match(await house.chat.say(owner, id, input), { duplicate: true, message: { id: message.id, text: '' } })
    t.equal((await house.chat.history(owner, id, { limit: 10 })).items.length, 1)
  })

  t.test('only its author is told of the clientId', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(owner, id, { ...text('hola'), clientId: 'c' })
    t.equal(message.clientId, 'c')
    t.notOk('clientId' in await house.chat.message(member, id, message.id))
    const delivery = house.told.at(-1)
    t.notOk(delivery?.event.type === 'message.created' && 'clientId' in delivery.event.data)
    t.match(delivery?.own, { user: owner.userId, event: { data: { clientId: 'c' } } })
  })

  t.test('counts bytes, not characters', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    await house.chat.say(owner, id, text('ñ'.repeat(chatLimits.textBytesMax / 2)))
    await t.rejects(house.chat.say(owner, id, text('ñ'.repeat(chatLimits.textBytesMax / 2 + 1))), { code: 'validation_failed', faults: [{ field: '/text' }] })
    await t.rejects(house.chat.say(owner, id, { ...text('x'), metadata: { a: 'x'.repeat(chatLimits.metadataBytesMax) } }), { code: 'validation_failed', faults: [{ field: '/metadata' }] })
  })

  t.test('whoever is not a member can not write: a group is not even there, a channel is forbidden', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const stranger = house.someone()
    await t.rejects(house.chat.say(stranger, id, text('x')), { code: 'conversation_not_found' })
    await t.rejects(house.chat.say(stranger, newId(), text('x')), { code: 'conversation_not_found' })
    const { conversation } = await house.chat.create(owner, { kind: 'channel', name: 'Avisos' })
    await t.rejects(house.chat.say(stranger, conversation.id, text('x')), { code: 'forbidden' })
  })
})

t.test('edit', async (t) => {
  t.test('rewrites the message in its place and tells of it', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(owner, id, { ...text('uno'), metadata: { a: 1, b: 2 }, clientId: 'c' })
    const edited = await house.chat.edit(owner, id, message.id, { text: 'dos', metadata: { a: null, c: 3 } })
    t.match(edited, { id: message.id, seq: message.seq, ordinal: 1, text: 'dos', metadata: { b: 2, c: 3 }, at: message.at, clientId: 'c' })
    t.type(edited.editedAt, 'string')
    t.ok(edited.version > message.version)
    const { clientId, ...seen } = edited
    t.same(await house.chat.message(member, id, message.id), seen)
    t.match(house.told.at(-1)?.event, { type: 'message.edited', seq: message.seq + 1, data: seen })
    t.equal((await house.chat.one(member, id)).unread, 1, 'an edit is nothing unread')
  })

  t.test('a patch that changes nothing is no event', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const { message } = await house.chat.say(owner, id, text('uno'))
    const before = house.told.length
    t.same(await house.chat.edit(owner, id, message.id, { text: 'uno' }), message)
    t.equal(house.told.length, before)
  })

  t.test('only the author may, while the message and the version are there', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(member, id, text('uno'))
    await t.rejects(house.chat.edit(owner, id, message.id, { text: 'x' }), { code: 'forbidden' })
    await t.rejects(house.chat.edit(member, id, message.id, { text: 'x' }, etag(message.version + 1)), { code: 'precondition_failed' })
    await house.chat.edit(member, id, message.id, { text: 'dos' }, etag(message.version))
    await t.rejects(house.chat.edit(member, id, message.id, { text: 'x' }, etag(message.version)), { code: 'precondition_failed' })
    await t.rejects(house.chat.edit(member, id, '1-0000000000', { text: 'x' }), { code: 'message_not_found' })
    await t.rejects(house.chat.edit(member, id, `${message.seq}-0000000000`, { text: 'x' }), { code: 'message_not_found' })
    await house.chat.remove(member, id, message.id)
    await t.rejects(house.chat.edit(member, id, message.id, { text: 'x' }), { code: 'message_deleted' })
  })

  t.test('the merged metadata keep within their bounds', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const metadata = Object.fromEntries(Array.from({ length: chatLimits.metadataKeysMax }, (_, i) => [`k${i}`, i]))
    const { message } = await house.chat.say(owner, id, { ...text('uno'), metadata })
    await t.rejects(house.chat.edit(owner, id, message.id, { metadata: { more: 1 } }), { code: 'validation_failed' })
    t.match(await house.chat.edit(owner, id, message.id, { metadata: null }), { metadata: {} })
  })
})

t.test('remove', async (t) => {
  t.test('takes the content away and keeps the place', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(member, id, { ...text('secreto'), clientId: 'c', metadata: { a: 'secreto' } })
    await house.chat.edit(member, id, message.id, { text: 'secreto mayor' })
    const gone = await house.chat.remove(owner, id, message.id)
    t.match(gone, { id: message.id, seq: message.seq, ordinal: 1, text: '', metadata: {}, author: member.userId })
    t.type(gone.deletedAt, 'string')
    t.match(house.told.at(-1)?.event, { type: 'message.deleted', data: { id: message.id, text: '', by: owner.userId } })
    for await (const { key, entry } of house.store.scan({ prefix: ['log'] })) {
      t.notMatch(JSON.stringify(entry), /secreto/, key.join('/'))
    }
  })

  t.test('twice is once', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    const { message } = await house.chat.say(owner, id, text('x'))
    const first = await house.chat.remove(owner, id, message.id)
    t.same(await house.chat.remove(owner, id, message.id), first)
  })

  t.test('a plain member can not take back what another one said', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    const { message } = await house.chat.say(owner, id, text('x'))
    await t.rejects(house.chat.remove(member, id, message.id), { code: 'forbidden' })
  })
})

t.test('an entry of another kind is no message', async (t) => {
  const house = await build(t)
  const { id, owner } = await pair(house)
  await t.rejects(house.chat.message(owner, id, '1-0000000000'), { code: 'message_not_found' })
  await t.rejects(house.chat.message(owner, id, 'nonsense'), { code: 'message_not_found' })
})

t.test('the log does not run backwards when the clock does', async (t) => {
  let now = Date.parse('2025-11-10T14:20:01.000Z')
  const house = await build(t, { now: () => now })
  const { id, owner } = await pair(house)
  const { message } = await house.chat.say(owner, id, text('a'))
  now -= 60_000
  t.equal((await house.chat.say(owner, id, text('b'))).message.at, message.at)
})
