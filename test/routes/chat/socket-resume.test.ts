import t from 'tap'
import { encodePosition } from '../../../domain/cursor.js'
import { build } from '../../helper.js'
import { connect, type Frame, register, settle, signIn } from '../../socket-client.js'

const upTo = (head: number) => Array.from({ length: head }, (_, i) => i + 1)

t.test('a device that is cut off again and again while all write: each log, whole and in order, nothing twice', async (t) => {
  const app = await build(t, { sockets: { limits: { heldFramesMax: 8, commandsBurst: 10_000 } } })
  const writers = await Promise.all(['ana', 'bea', 'eve'].map((name) => register(app, name)))
  const [ana, ...others] = writers
  const reader = await register(app, 'reader')
  if (ana === undefined) throw new Error('nobody is there')
  const device = await signIn(t, app, reader)
  let { cursor } = (await device.type('caught_up')).data
  device.cut()

  const members = [reader, ...others].map(({ caller }) => caller.userId)
  const rooms = await Promise.all(upTo(3).map((n) => app.chat.create(ana.caller, { kind: 'group', name: `Room ${n}`, members })))
  const ids = rooms.map(({ conversation }) => conversation.id)
  const end = new AbortController()
  const write = async (who: number) => {
    for (let i = 0; !end.signal.aborted; i++) {
      await app.chat.say(writers[who % writers.length]?.caller ?? ana.caller, ids[i % ids.length] ?? '', { text: `${who}/${i}` })
      if (i % 10 === who) await settle(1)
    }
  }
  const allWriting = Promise.all(upTo(6).map(write))

  const received: Frame[] = []
  const take = (frames: readonly Frame[]) => {
    for (const frame of frames) {
      if (frame.seq !== undefined) received.push(frame)
      cursor = frame.cursor ?? frame.data?.cursor ?? cursor
    }
  }
  for (let cut = 0; cut < 40; cut++) {
    const client = await connect(t, app)
    const reply = await client.command('auth', { token: reader.token, resume: { cursor } })
    t.match(reply, { ok: true, data: { recovered: true } })
    await settle(Math.random() * 30)
    client.cut()
    take(client.frames.slice(0, Math.ceil(Math.random() * client.frames.length)))
  }
  end.abort()
  await allWriting
  const last = await signIn(t, app, reader, cursor)
  take(last.frames)

  for (const id of ids) {
    const { head } = await app.chat.one(reader.caller, id)
    const told = received.filter(({ conversation }) => conversation === id).map(({ seq }) => seq)
    const first = told[0] ?? 0
    t.ok(head > 20, 'much was written')
    t.same(told, upTo(head).slice(first - 1), `from ${first} to ${head}`)
    const { items } = await app.chat.events(reader.caller, id, { after: head - 5, limit: 5 })
    const texts = items.map(({ data }) => 'text' in data ? data.text : '')
    t.same(received.filter(({ conversation }) => conversation === id).slice(-5).map(({ data }) => data.text), texts)
  }
})

t.test('resuming', async (t) => {
  const app = await build(t)
  const [ana, bea] = [await register(app, 'ana'), await register(app, 'bea')]
  const { conversation: { id } } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo', members: [bea.caller.userId] })
  const before = await signIn(t, app, bea)
  const { data: { cursor } } = await before.type('caught_up')
  before.cut()
  const { message } = await app.chat.say(ana.caller, id, { text: 'one', clientId: 'c-1' })
  await app.chat.edit(ana.caller, id, message.id, { text: 'uno' })
  await app.chat.markRead(bea.caller, id, { seq: message.seq })

  t.test('brings what was missed, then says so, then goes on', async (t) => {
    const client = await signIn(t, app, bea, cursor)
    t.same(client.frames.map(({ type }) => type), ['hello', undefined, 'message.created', 'message.edited', 'read.updated', 'caught_up'])
    t.match(client.frames[1], { ok: true, data: { recovered: true } })
    await app.chat.say(ana.caller, id, { text: 'live' })
    t.match(await client.find(({ data }) => data?.text === 'live'), { type: 'message.created', seq: message.seq + 2 })
  })

  t.test('with any cursor that was given goes on from there', async (t) => {
    const client = await signIn(t, app, bea, cursor)
    for (const [place, frame] of client.frames.entries()) {
      if (frame.cursor === undefined) continue
      const again = await signIn(t, app, bea, frame.cursor)
      t.same(again.frames.slice(2).map(({ type, seq }) => [type, seq]), client.frames.slice(place + 1).map(({ type, seq }) => [type, seq]))
    }
  })

  t.test('only the author is told the clientId', async (t) => {
    const hers = await (await signIn(t, app, bea, cursor)).type('message.created')
    t.notOk('clientId' in hers.data)
    const mine = await (await signIn(t, app, ana, cursor)).type('message.created')
    t.equal(mine.data.clientId, 'c-1')
  })

  t.test('from another history, from the future or from nowhere gives a snapshot', async (t) => {
    for (const strange of [encodePosition('00000000-0000-4000-8000-000000000000', 1), encodePosition(app.store.historyId, 1_000_000), 'nonsense']) {
      const client = await signIn(t, app, bea, strange)
      t.match(client.frames[1], { ok: true, data: { recovered: false } })
      const { head } = await app.chat.one(bea.caller, id)
      t.match(client.all('snapshot'), [{ data: { conversations: [{ id, head }] } }, { data: { cursor: String } }])
    }
  })

  t.test('whoever was removed meanwhile is told that, and nothing of what was said there', async (t) => {
    const eve = await register(app, 'eve')
    await app.chat.addMember(ana.caller, id, eve.caller.userId, {})
    const { data: { cursor } } = await (await signIn(t, app, eve)).type('caught_up')
    await app.chat.say(ana.caller, id, { text: 'secret' })
    await app.chat.removeMember(ana.caller, id, eve.caller.userId)
    await app.chat.say(ana.caller, id, { text: 'more secrets' })
    const client = await signIn(t, app, eve, cursor)
    t.same(client.frames.slice(2).map(({ type }) => type), ['conversation.removed', 'caught_up'])
  })
})

t.test('a snapshot of many conversations comes in pages', async (t) => {
  const app = await build(t)
  const ana = await register(app, 'ana')
  for (const n of upTo(120)) await app.chat.create(ana.caller, { kind: 'group', name: `Room ${n}` })
  const client = await signIn(t, app, ana)
  const pages = client.all('snapshot').map(({ data }) => data)
  t.same(pages.map(({ conversations }) => conversations.length), [50, 50, 20, 0])
  t.same(pages.map(({ cursor }) => cursor === null), [true, true, true, false])
})
