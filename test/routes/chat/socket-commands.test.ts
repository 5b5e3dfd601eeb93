import { TypeCompiler } from '@sinclair/typebox/compiler'
import t, { type Test } from 'tap'
import { ServerFrame } from '../../../domain/chat/frames.js'
import { build } from '../../helper.js'
import { type Client, register, settle, signIn } from '../../socket-client.js'

const serverFrame = TypeCompiler.Compile(ServerFrame)

/** Ana (with two devices) and Bea in one group; Eve is in none. */
async function setUp (t: Test) {
  const app = await build(t)
  const people = { ana: await register(app, 'ana'), bea: await register(app, 'bea'), eve: await register(app, 'eve') }
  const { conversation: { id: conversation } } = await app.chat.create(people.ana.caller, { kind: 'group', name: 'Equipo', members: [people.bea.caller.userId] })
  const [ana, phone] = [await signIn(t, app, people.ana), await signIn(t, app, people.ana)]
  return { app, people, conversation, ana, phone, bea: await signIn(t, app, people.bea), eve: await signIn(t, app, people.eve) }
}

t.test('message.send', async (t) => {
  const { ana, phone, bea, eve, conversation, people } = await setUp(t)

  t.test('is answered when it is stored, and all members get one event', async (t) => {
    const reply = await ana.command('message.send', { conversation, clientId: 'c-1', text: '¡Hola!', metadata: { mood: 'good' } })
    t.match(reply, { ok: true, data: { id: String, seq: Number, at: String, duplicate: false } })
    const [mine, hers] = [await phone.type('message.created'), await bea.type('message.created')]
    t.match(hers, { conversation, seq: reply.data.seq, cursor: String, data: { id: reply.data.id, author: people.ana.caller.userId, text: '¡Hola!', metadata: { mood: 'good' } } })
    t.equal(mine.data.clientId, 'c-1', 'own devices see the clientId')
    t.notOk('clientId' in hers.data, 'others do not')
    t.same(eve.all('message.created'), [])
  })

  t.test('the same clientId again is the same message', async (t) => {
    const again = await phone.command('message.send', { conversation, clientId: 'c-1', text: '¡Hola!', metadata: { mood: 'good' } })
    t.match(again, { ok: true, data: { duplicate: true } })
    t.match(await phone.command('message.send', { conversation, clientId: 'c-1', text: 'other' }), { error: { code: 'client_id_reused', status: 422 } })
    await settle()
    t.equal(bea.all('message.created').length, 1)
  })

  t.test('from outside there is no such conversation', async (t) => {
    t.match(await eve.command('message.send', { conversation, text: 'let me in' }), { ok: false, error: { code: 'conversation_not_found', status: 404 } })
  })

  t.test('what is wrong with it is named', async (t) => {
    t.match(await ana.command('message.send', { conversation, text: '', more: 1 }), {
      error: { code: 'validation_failed', errors: [{ pointer: '/data/more', detail: 'no se conoce este campo' }, { pointer: '/data/text', detail: 'debe tener al menos 1 caracteres' }] }
    })
    t.match(await ana.command('message.send'), { error: { code: 'validation_failed', errors: [{ pointer: '/data/conversation', detail: 'falta' }, { pointer: '/data/text' }] } })
    t.match(await ana.command('message.send', { conversation, text: 'ñ'.repeat(16_000) }), { error: { errors: [{ pointer: '/data/text', detail: 'debe tener como mucho 16384 bytes' }] } })
  })
})

t.test('editing, deleting, reading', async (t) => {
  const { ana, phone, bea, conversation } = await setUp(t)
  const { data: { id: message, seq } } = await ana.command('message.send', { conversation, text: 'helo' })

  t.test('message.edit shows the new text to all', async (t) => {
    const { data } = await ana.command('message.edit', { conversation, message, text: 'hello' })
    t.match(data, { id: message, text: 'hello', editedAt: String })
    t.match(await bea.type('message.edited'), { seq: seq + 1, data: { id: message, text: 'hello' } })
    t.match(await ana.command('message.edit', { conversation, message, text: 'late', version: 1 }), { error: { code: 'precondition_failed', status: 412 } })
    t.match(await bea.command('message.edit', { conversation, message, text: 'mine' }), { error: { code: 'forbidden' } })
  })

  t.test('history.get gives what REST gives', async (t) => {
    const { data } = await bea.command('history.get', { conversation })
    t.match(data, { items: [{ id: message, text: 'hello' }], next: null })
  })

  t.test('read.set is for one\'s own devices', async (t) => {
    const before = ana.frames.length
    t.match(await bea.command('read.set', { conversation, seq }), { ok: true, data: { conversation, seq, unread: 0 } })
    await bea.type('read.updated')
    await settle()
    t.same(ana.frames.slice(before), [])
  })

  t.test('message.delete leaves its place', async (t) => {
    t.match(await ana.command('message.delete', { conversation, message }), { ok: true, data: { id: message, text: '', deletedAt: String } })
    t.match(await bea.type('message.deleted'), { data: { id: message, text: '' } })
    t.match(await ana.command('message.edit', { conversation, message, text: 'x' }), { error: { code: 'message_deleted', status: 410 } })
  })

  t.test('every frame is as the schemas say', async (t) => {
    for (const client of [ana, phone, bea]) for (const frame of client.frames) t.ok(serverFrame.Check(frame), JSON.stringify(frame))
  })
})

t.test('a page of history that would fill the socket is made shorter', async (t) => {
  const { app, people, bea, conversation } = await setUp(t)
  for (let i = 0; i < 40; i++) await app.chat.say(people.ana.caller, conversation, { text: `${i} ${'x'.repeat(16_000)}` })
  const texts: string[] = []
  let cursor: string | null = null
  do {
    const { data } = await bea.command('history.get', { conversation, limit: 100, ...(cursor === null ? { after: 0 } : { cursor }) })
    t.ok(JSON.stringify(data).length <= 262_144)
    texts.push(...data.items.map(({ text }: { text: string }) => text.split(' ')[0]))
    cursor = data.next
  } while (cursor !== null)
  t.same(texts, Array.from({ length: 40 }, (_, i) => `${i}`))
})

t.test('membership', async (t) => {
  const { app, people: { ana: owner, bea: member, eve: guest }, ana, bea, eve, conversation } = await setUp(t)

  t.test('whoever is added hears of it and of what comes after', async (t) => {
    await app.chat.addMember(owner.caller, conversation, guest.caller.userId, {})
    t.match(await eve.type('conversation.added'), { conversation })
    t.match(await bea.type('member.joined'), { data: { user: guest.caller.userId } })
    await ana.command('message.send', { conversation, text: 'welcome' })
    t.match(await eve.type('message.created'), { data: { text: 'welcome' } })
  })

  t.test('whoever is removed hears of that last', async (t) => {
    await app.chat.removeMember(owner.caller, conversation, member.caller.userId)
    await ana.command('message.send', { conversation, text: 'among us' })
    await eve.find(({ data }) => data?.text === 'among us')
    t.match(await bea.type('conversation.removed'), { conversation, data: { reason: 'removed' } })
    await settle()
    t.notOk(bea.frames.some(({ data }) => data?.text === 'among us'))
    t.equal(bea.frames.at(-1)?.type, 'conversation.removed')
    t.match(await bea.command('typing.set', { conversation, on: true }), { error: { code: 'conversation_not_found' } })
  })

  t.test('whoever writes while people come and go: nobody outside gets a word', async (t) => {
    const outside = new Set<string>()
    for (let i = 0; i < 10; i++) {
      await app.chat.addMember(owner.caller, conversation, member.caller.userId, {})
      const sends = [1, 2, 3].map((n) => app.chat.say(owner.caller, conversation, { text: `in ${i}.${n}` }))
      const leaving = app.chat.removeMember(owner.caller, conversation, member.caller.userId)
      await Promise.all([...sends, leaving, app.chat.say(owner.caller, conversation, { text: `maybe ${i}` })])
      await app.chat.say(owner.caller, conversation, { text: `out ${i}` })
      outside.add(`out ${i}`)
    }
    await settle()
    t.equal(bea.all('conversation.removed').length, 11)
    t.notOk(bea.frames.some(({ data }) => outside.has(data?.text)))
    const last = bea.frames.findLastIndex(({ type }) => type === 'conversation.removed')
    t.notOk(bea.frames.slice(last).some(({ type }) => type === 'message.created'))
  })
})

t.test('channels', async (t) => {
  const { app, people, ana, bea } = await setUp(t)
  const { conversation: { id: channel } } = await app.chat.create(people.ana.caller, { kind: 'channel', name: 'Noticias' })
  const say = (text: string) => ana.command('message.send', { conversation: channel, text })

  t.test('may be heard without being a member', async (t) => {
    await say('before')
    const { data } = await bea.command('conversation.subscribe', { conversation: channel })
    t.equal(data.head, 2)
    await say('after')
    t.match(await bea.type('message.created'), { seq: 3, data: { text: 'after' } })
    t.match(await bea.command('typing.set', { conversation: channel, on: true }), { error: { code: 'conversation_not_found' } })
  })

  t.test('until one has heard enough', async (t) => {
    await bea.command('conversation.unsubscribe', { conversation: channel })
    await say('unheard')
    await settle()
    t.notOk(bea.frames.some(({ data }) => data?.text === 'unheard'))
  })
})

t.test('a group may be silenced on one device, and no stranger may listen to it', async (t) => {
  const { ana, phone, eve, bea, conversation } = await setUp(t)
  await phone.command('conversation.unsubscribe', { conversation })
  await bea.command('message.send', { conversation, text: 'hello' })
  await ana.type('message.created')
  await settle()
  t.same(phone.all('message.created'), [])
  await phone.command('conversation.subscribe', { conversation })
  await bea.command('message.send', { conversation, text: 'again' })
  t.match(await phone.type('message.created'), { data: { text: 'again' } })
  t.match(await eve.command('conversation.subscribe', { conversation }), { error: { code: 'conversation_not_found' } })
})

t.test('signals', async (t) => {
  const { app, people, ana, phone, bea, eve, conversation } = await setUp(t)
  const signals = (client: Client) => client.frames.filter(({ type }) => type?.startsWith('typing.'))

  t.test('typing is told to the others, and ends with the message', async (t) => {
    t.match(await ana.command('typing.set', { conversation, on: true }), { ok: true })
    t.same(await bea.type('typing.started'), { type: 'typing.started', conversation, data: { user: people.ana.caller.userId } })
    await ana.command('message.send', { conversation, text: 'done' })
    await bea.type('typing.stopped')
    t.same([ana, phone, eve].flatMap(signals), [], 'neither oneself nor strangers')
  })

  t.test('presence is told to those who share a conversation and asked', async (t) => {
    const users = Object.values(people).map(({ caller }) => caller.userId)
    const [anaId, , eveId] = users
    const { data } = await bea.command('presence.subscribe', { users })
    t.match(data.users, [{ user: anaId, status: 'online' }, { status: 'online' }, { user: eveId, status: 'offline' }])
    await eve.command('presence.subscribe', { users })
    await ana.command('presence.set', { status: 'away' })
    t.same(bea.all('presence.changed'), [], 'the phone is there still')
    await phone.command('presence.set', { status: 'away' })
    t.match(await bea.type('presence.changed'), { data: { user: anaId, status: 'away' } })
    t.same([eve, ana].flatMap((client) => client.all('presence.changed')), [])
  })

  t.test('nothing of it is stored', async (t) => {
    const { items } = await app.chat.events(people.ana.caller, conversation, { limit: 100 })
    t.ok(items.every(({ type }) => !/typing|presence/.test(type)))
  })
})

t.test('commands that fail inside are answered without what went wrong', async (t) => {
  const { app, ana, conversation } = await setUp(t)
  await app.store.close()
  t.match(await ana.command('message.send', { conversation, text: 'too late' }), { ok: false, error: { code: 'shutting_down', status: 503, temporary: true } })
})
