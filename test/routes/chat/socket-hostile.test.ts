import fc from 'fast-check'
import t from 'tap'
import { commands } from '../../../domain/chat/frames.js'
import { limits } from '../../../domain/realtime/limits.js'
import { createFakeClock } from '../../domain/realtime/fake-clock.js'
import { build } from '../../helper.js'
import { connect, register, settle, signIn } from '../../socket-client.js'

t.test('a reader that stands still is closed and comes back; another one notices nothing', async (t) => {
  const app = await build(t, { sockets: { limits: { closeGraceMs: 200 } } })
  const [ana, bea, eve] = [await register(app, 'ana'), await register(app, 'bea'), await register(app, 'eve')]
  const { conversation: { id } } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo', members: [bea.caller.userId, eve.caller.userId] })
  const slow = await signIn(t, app, bea)
  const healthy = await signIn(t, app, eve)
  slow.ws.pause()
  const sockets = app.hub.stats().sockets
  let sent = 0
  // The kernel takes some megabytes first.
  while (app.hub.stats().sessions === 2 && sent < 4000) {
    await Promise.all(Array.from({ length: 20 }, () => app.chat.say(ana.caller, id, { text: 'x'.repeat(16_000) })))
    sent += 20
  }
  t.equal(app.hub.stats().sessions, 1, `closed after ${sent} messages`)
  // Three entries say who is in the group.
  await healthy.find(({ seq }) => seq === sent + 3)
  t.same(healthy.seqs(id), Array.from({ length: sent }, (_, i) => i + 4))
  t.same(await healthy.command('pong'), { re: '2', ok: true, data: {} })

  await settle(400)
  t.equal(app.hub.stats().sockets, sockets - 1, 'nothing of it is left')
  slow.ws.resume()
  await slow.closed
  const cursor = slow.frames.findLast((frame) => frame.cursor !== undefined)?.cursor ?? slow.all('caught_up')[0]?.data.cursor
  const back = await signIn(t, app, bea, cursor)
  t.same([...slow.seqs(id), ...back.seqs(id)], healthy.seqs(id), 'with what came before, it has everything')
})

t.test('frames that are none of the protocol', async (t) => {
  const app = await build(t)
  const ana = await register(app, 'ana')

  t.test('binary is refused', async (t) => {
    const client = await connect(t, app)
    client.ws.send(Buffer.from('{}'), { binary: true })
    t.equal((await client.closed).code, 1003)
  })

  t.test('too large is refused', async (t) => {
    const client = await connect(t, app)
    client.raw('x'.repeat(limits.frameBytesMax + 1))
    t.equal((await client.closed).code, 1009)
  })

  t.test('ten bad ones end it', async (t) => {
    const client = await signIn(t, app, ana)
    for (let i = 0; i < 10; i++) client.raw('{"no": "command"}')
    t.match(await client.closed, { code: 4500, reason: 'too_many_bad_frames' })
    t.equal(client.frames.filter(({ error }) => error?.code === 'frame_invalid').length, 10)
  })

  t.test('whoever floods is told first', async (t) => {
    const client = await signIn(t, app, ana)
    for (let i = 0; i < 100; i++) client.raw(JSON.stringify({ id: `${i}`, type: 'pong' }))
    t.match(await client.closed, { code: 4003 })
    t.match(client.frames.find(({ ok }) => ok === false), { error: { code: 'rate_limited', status: 429, temporary: true, retryAfterMs: Number } })
  })
})

t.test('whatever is sent, each command is answered once at most and nothing falls over', async (t) => {
  const app = await build(t, { sockets: { limits: { commandsBurst: 100_000, badFramesMax: 100_000, commandsWaitingMax: 100_000, socketsUnauthenticatedPerAddressMax: 1000 } } })
  const ana = await register(app, 'ana')
  const { conversation: { id } } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo' })
  const word = fc.oneof(fc.constant(id), fc.constant(ana.caller.userId), fc.string({ unit: 'binary', maxLength: 20 }), fc.jsonValue({ maxDepth: 3 }))
  const field = fc.constantFrom('conversation', 'message', 'text', 'on', 'users', 'seq', 'limit', 'cursor', 'status', 'metadata', 'kind', 'version', 'clientId', '__proto__')
  const likely = fc.record({
    id: fc.constantFrom('1', '2', '', 'x'.repeat(65)),
    type: fc.constantFrom(...Object.keys(commands).filter((type) => !type.startsWith('auth'))),
    data: fc.dictionary(field, word)
  }, { requiredKeys: [] })
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), likely.map((frame) => JSON.stringify(frame)))

  const signedIn = await signIn(t, app, ana)
  await fc.assert(fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (texts) => {
    const from = signedIn.frames.length
    for (const frame of texts) signedIn.raw(frame)
    await signedIn.command('pong')
    const replies = signedIn.frames.slice(from).filter(({ ok }) => ok !== undefined)
    return replies.length === texts.length + 1 && replies.every(({ ok, error }) => ok === true || (error?.status ?? 500) < 500)
  }), { numRuns: 150 })

  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (texts) => {
    const stranger = await connect(t, app)
    for (const frame of texts) stranger.raw(frame)
    await stranger.find(({ ok }) => ok === false || ok === true)
    stranger.cut()
    return stranger.frames.every(({ type, error }) => type !== undefined || error === undefined || error.status < 500)
  }), { numRuns: 30 })
  t.match(await signedIn.command('pong'), { ok: true })
})

t.test('sockets that come and go in the middle of everything leave nothing behind', async (t) => {
  const app = await build(t)
  const ana = await register(app, 'ana')
  const { conversation: { id: conversation } } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo' })
  for (let round = 0; round < 30; round++) {
    const client = await connect(t, app)
    client.raw(JSON.stringify({ id: '1', type: 'auth', data: { token: ana.token } }))
    client.raw(JSON.stringify({ id: '2', type: 'message.send', data: { conversation, text: `${round}` } }))
    client.raw(JSON.stringify({ id: '3', type: 'typing.set', data: { conversation, on: true } }))
    await settle(round % 6)
    client.cut()
  }
  await settle(50)
  t.match(app.hub.stats(), { sockets: 0, strangers: 0, sessions: 0 })
})

t.test('time passes', async (t) => {
  const clock = createFakeClock(Date.now())
  const app = await build(t, { sockets: { clock } })
  const ana = await register(app, 'ana')

  t.test('who says nothing is sent away', async (t) => {
    const client = await connect(t, app)
    await client.type('hello')
    clock.advance(limits.authTimeoutMs)
    t.match(await client.closed, { code: 4001, reason: 'auth_timeout' })
  })

  t.test('pings have a cursor to resume from, and want an answer', async (t) => {
    const client = await signIn(t, app, ana)
    clock.advance(limits.heartbeatMs)
    const { data: { cursor } } = await client.type('ping')
    t.match(await client.command('pong'), { ok: true })
    clock.advance(limits.heartbeatMs)
    t.equal(client.ws.readyState, client.ws.OPEN)
    clock.advance(limits.pongTimeoutMs)
    t.match(await client.closed, { code: 4002 })
    const back = await signIn(t, app, ana, cursor)
    t.match(back.frames[1], { data: { recovered: true } })
    back.close()
    await back.closed
  })

  t.test('a token that ends takes the socket along, after a word', async (t) => {
    const client = await signIn(t, app, ana)
    for (let i = 0; i < 60 && client.all('closing').length === 0; i++) {
      clock.advance(limits.heartbeatMs)
      await settle(1)
      if (client.all('closing').length === 0) await Promise.race([client.command('pong'), client.closed])
    }
    t.match(await client.closed, { code: 4006, reason: 'access_expired' })
    t.equal(client.all('auth.expiring').length, 1)
    t.match(client.all('closing'), [{ data: { code: 'access_expired', reconnect: true } }])
  })
})
