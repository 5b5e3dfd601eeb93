import { TypeCompiler } from '@sinclair/typebox/compiler'
import t from 'tap'
import { ServerFrame } from '../../../domain/chat/frames.js'
import { build } from '../../helper.js'
import { connect, listen, refused, register, settle, signIn } from '../../socket-client.js'

const serverFrame = TypeCompiler.Compile(ServerFrame)

t.test('the upgrade', async (t) => {
  const app = await build(t, { env: { CORS_ORIGINS: 'https://chat.example.org' } })
  const { host } = new URL(await listen(app))

  t.test('echoes the subprotocol, wherever it stands among others', async (t) => {
    const client = await connect(t, app, { protocols: ['other', 'nexu.v1.json'] })
    t.equal(client.ws.protocol, 'nexu.v1.json')
    t.match(await client.type('hello'), { data: { protocol: 'nexu.v1.json', historyId: app.store.historyId } })
  })

  t.test('takes none for the first version', async (t) => {
    const client = await connect(t, app)
    t.equal(client.ws.protocol, '')
    t.match(await client.type('hello'), { data: { protocol: 'nexu.v1.json' } })
  })

  t.test('refuses what it does not speak, before the upgrade', async (t) => {
    const { status, type, problem } = await refused(app, { protocols: ['nexu.v9.json'] })
    t.equal(status, 400)
    t.match(type, 'application/problem+json')
    t.equal(problem.code, 'subprotocol_unknown')
  })

  t.test('asks browsers where they come from', async (t) => {
    for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`]) {
      t.match(await refused(app, { headers: { origin } }), { status: 403, problem: { code: 'origin_forbidden' } }, origin)
    }
    for (const origin of ['https://chat.example.org', `http://${host}`]) {
      t.ok(await (await connect(t, app, { headers: { origin } })).type('hello'), origin)
    }
  })

  t.test('takes no token in its URL', async (t) => {
    t.match(await refused(app, { path: '?token=secret' }), { status: 400, problem: { code: 'validation_failed' } })
  })

  t.test('is asked for', async (t) => {
    const answer = await app.inject('/v1/socket')
    t.equal(answer.statusCode, 426)
    t.equal(answer.json().code, 'upgrade_required')
  })

  t.test('with a bad token is refused', async (t) => {
    t.match(await refused(app, { headers: { authorization: 'Bearer nonsense' } }), { status: 401, problem: { code: 'token_invalid' } })
  })
})

t.test('only so many may come without saying who they are', async (t) => {
  const app = await build(t, { sockets: { limits: { socketsUnauthenticatedPerAddressMax: 2 } } })
  const ana = await register(app, 'ana')
  const first = await connect(t, app)
  await connect(t, app)
  t.match(await refused(app), { status: 429, problem: { code: 'too_many_sockets' } })
  await first.command('auth', { token: ana.token })
  await connect(t, app)
  t.match(await refused(app), { status: 429 })
})

t.test('a user has only so many sockets', async (t) => {
  const app = await build(t, { sockets: { limits: { socketsPerUserMax: 2 } } })
  const ana = await register(app, 'ana')
  const first = await signIn(t, app, ana)
  await signIn(t, app, ana)
  const third = await connect(t, app)
  t.match(await third.command('auth', { token: ana.token }), { ok: false, error: { code: 'too_many_sockets', temporary: true } })
  t.equal((await third.closed).code, 4007)
  first.close()
  await first.closed
  await settle()
  await signIn(t, app, ana)
})

t.test('signing in', async (t) => {
  const app = await build(t)
  const ana = await register(app, 'ana')
  const { caller: { userId, sessionId } } = ana

  t.test('answers who one is, then gives a snapshot and where to go on from', async (t) => {
    const { conversation } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo' })
    const client = await signIn(t, app, ana)
    t.match(client.frames, [
      { type: 'hello' },
      { re: '1', ok: true, data: { user: userId, session: sessionId, recovered: false } },
      { type: 'snapshot', data: { conversations: [{ id: conversation.id, head: Number, unread: 0 }], cursor: null } },
      { type: 'snapshot', data: { conversations: [], cursor: String } },
      { type: 'caught_up', data: { cursor: String } }
    ])
    t.ok(client.frames.every((frame) => serverFrame.Check(frame)), 'all frames are as the schemas say')
  })

  t.test('frames that come while the token is looked at are kept, in order', async (t) => {
    const { conversation } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo' })
    const client = await connect(t, app)
    const replies = await Promise.all([
      client.command('auth', { token: ana.token }),
      client.command('message.send', { conversation: conversation.id, text: 'uno' }),
      client.command('message.send', { conversation: conversation.id, text: 'dos' })
    ])
    t.match(replies, [{ ok: true }, { ok: true, data: { seq: 2 } }, { ok: true, data: { seq: 3 } }])
    await client.type('caught_up')
    t.ok(client.frames.findIndex(({ re }) => re === '1') < client.frames.findIndex(({ type }) => type === 'snapshot'))
  })

  t.test('by a header of the upgrade, where the cursor is one, too', async (t) => {
    const headers = { authorization: `Bearer ${ana.token}` }
    const first = await connect(t, app, { headers })
    t.match(await first.type('authenticated'), { data: { user: userId, recovered: false } })
    const { data: { cursor } } = await first.type('caught_up')
    const second = await connect(t, app, { headers: { ...headers, 'last-event-id': cursor } })
    t.match(await second.type('authenticated'), { data: { user: userId, recovered: true } })
    t.match(await second.command('pong'), { ok: true })
    t.match(await second.command('auth', { token: ana.token }), { ok: false, error: { code: 'frame_invalid' } })
  })

  t.test('is needed before anything else', async (t) => {
    const client = await connect(t, app)
    t.match(await client.command('history.get', { conversation: userId }), { ok: false, error: { code: 'not_authenticated', status: 401 } })
    t.equal((await client.closed).code, 4501)
  })

  t.test('with a bad token ends the socket', async (t) => {
    const client = await connect(t, app)
    t.match(await client.command('auth', { token: 'nonsense' }), { ok: false, error: { code: 'token_invalid' } })
    t.match(await client.closed, { code: 4502, reason: 'token_refused' })
    t.match(client.all('closing'), [{ data: { code: 'token_refused', reconnect: false } }])
  })

  t.test('errors speak the language of the upgrade, Spanish if it says nothing', async (t) => {
    const spanish = await signIn(t, app, ana)
    t.match(await spanish.command('nonsense'), { error: { code: 'command_unknown', title: 'No existe ese comando' } })
    const english = await connect(t, app, { headers: { 'accept-language': 'en-GB, es;q=0.5' } })
    t.match(await english.command('nonsense'), { error: { title: 'There is no such command' } })
  })

  t.test('a new token renews in place', async (t) => {
    const client = await signIn(t, app, ana)
    t.match(await client.command('auth.refresh', { token: ana.token }), { ok: true, data: { expiresAt: String } })
    const bea = await register(app, 'bea')
    t.match(await client.command('auth.refresh', { token: bea.token }), { error: { code: 'forbidden' } })
  })
})

t.test('a session that ends takes its sockets along at once, and no others', async (t) => {
  const app = await build(t)
  const ana = await register(app, 'ana')
  const again = await app.accounts.login({ username: 'ana', password: 'correct horse battery' }, { userAgent: 'test', address: '127.0.0.1' })
  const phone = await signIn(t, app, ana)
  const tablet = await signIn(t, app, ana)
  const laptop = await signIn(t, app, { token: again.accessToken, caller: { ...ana.caller, sessionId: again.session.id } })
  const start = Date.now()
  await app.sessions.end(ana.caller, ana.caller.sessionId)
  t.match(await Promise.all([phone.closed, tablet.closed]), [{ code: 4503 }, { code: 4503 }])
  t.ok(Date.now() - start < 1000)
  t.match(await laptop.command('pong'), { ok: true })
  const late = await connect(t, app)
  t.match(await late.command('auth', { token: ana.token }), { error: { code: 'session_ended' } })
  t.equal((await late.closed).code, 4503)
})

t.test('a session that ends while its token is looked at does not get in', async (t) => {
  const app = await build(t)
  for (let i = 0; i < 10; i++) {
    const person = await register(app, `person-${i}`)
    const client = await connect(t, app)
    const reply = client.command('auth', { token: person.token }).catch(() => {})
    await settle(i % 4)
    await app.sessions.end(person.caller, person.caller.sessionId)
    t.equal((await client.closed).code, 4503)
    await reply
  }
})

t.test('the server stops: everyone is told when to come back, each another time', async (t) => {
  const waits = [0.1, 0.5, 0.9]
  const app = await build(t, { sockets: { random: () => waits.shift() ?? 0 } })
  const ana = await register(app, 'ana')
  const clients = [await signIn(t, app, ana), await signIn(t, app, ana), await connect(t, app)]
  await app.close()
  t.match(await Promise.all(clients.map(({ closed }) => closed)), [{ code: 4005 }, { code: 4005 }, { code: 4005 }])
  const goodbyes = clients.map((client) => client.all('closing')[0]?.data)
  t.same(goodbyes, [500, 2500, 4500].map((retryAfterMs) => ({ code: 'restarting', reconnect: true, retryAfterMs })))
})
