import t from 'tap'
import { AppError } from '../../../domain/errors.js'
import { type Connection, createConnection, type Guest, type Identity } from '../../../domain/realtime/connection.js'
import type { Command } from '../../../domain/realtime/inbox.js'
import { limits } from '../../../domain/realtime/limits.js'
import { createFakeClock } from './fake-clock.js'
import { createFakeWire, turn } from './fake-wire.js'

const caller = { userId: 'ana', sessionId: 's' }
const hour = 3_600_000

interface SetUp { execute?: (connection: Connection, command: Command) => Promise<unknown>, verify?: (token: string) => Promise<Identity> }

function setUp ({ execute = async (_, { data }) => data, verify }: SetUp = {}) {
  const clock = createFakeClock()
  const wire = createFakeWire()
  const seen = { left: 0, ended: 0 }
  const guest: Guest = {
    caller,
    stream: { prepare: async () => true, run: async () => {}, put: () => {}, cursor: () => 'here' },
    leave: () => { seen.left++ }
  }
  const check = verify ?? (async (token: string) => {
    if (token !== 'good') throw new AppError('token_invalid')
    return { caller, expiresAt: clock.now() + hour }
  })
  const connection = createConnection({
    socket: wire.socket,
    clock,
    limits,
    historyId: 'history',
    language: 'es',
    verify: check,
    async enter (self, token) {
      const { expiresAt } = await check(token)
      self.attach(guest, expiresAt)
      return true
    },
    execute: async (self, command) => command.type === 'auth' ? self.signIn(String(command.data), undefined) : execute(self, command),
    translate: (thrown) => thrown instanceof AppError ? thrown : new AppError('internal'),
    report: () => {},
    onSignedIn: () => {},
    onEnd: () => { seen.ended++ }
  })
  let id = 0
  const send = (type: string, data?: unknown) => connection.receive(JSON.stringify({ id: `${++id}`, type, data }))
  return { clock, wire, connection, send, seen, types: () => wire.read().map(({ type, re }) => type ?? `re ${String(re)}`) }
}

async function signedIn (options: SetUp = {}) {
  const it = setUp(options)
  it.connection.open()
  it.send('auth', 'good')
  await turn()
  it.wire.frames.length = 0
  return it
}

t.test('says hello with everything a client has to know', async (t) => {
  const { connection, wire } = setUp()
  connection.open()
  t.match(wire.read(), [{
    type: 'hello',
    data: { protocol: 'nexu.v1.json', historyId: 'history', serverTime: '2025-11-10T00:00:00.000Z', heartbeatMs: 25_000, authTimeoutMs: 10_000, limits: { frameBytesMax: 65_536 }, reconnect: { baseMs: Number, maxMs: Number } }
  }])
})

t.test('ten seconds to say who it is, and no traffic extends them', async (t) => {
  const { connection, clock, wire, send } = setUp()
  connection.open()
  for (let i = 0; i < 9; i++) {
    clock.advance(1000)
    send('pong')
    await turn()
  }
  t.equal(wire.closed(), undefined)
  clock.advance(1000)
  t.match(wire.read().at(-1), { type: 'closing', data: { code: 'auth_timeout', reconnect: true } })
  t.same(wire.closed(), { code: 4001, reason: 'auth_timeout' })
})

t.test('commands run one after the other, those that came during auth included', async (t) => {
  const log: string[] = []
  const it = setUp({
    execute: async (_, { type }) => {
      log.push(`${type} starts`)
      await turn()
      log.push(`${type} ends`)
    }
  })
  it.connection.open()
  it.send('auth', 'good')
  it.send('one')
  it.send('two')
  for (let i = 0; i < 10; i++) await turn()
  t.same(log, ['one starts', 'one ends', 'two starts', 'two ends'])
  t.same(it.types(), ['hello', 're 1', 're 2', 're 3'])
})

t.test('a token that is refused is answered, and ends the socket', async (t) => {
  const cases = [['token_invalid', 4502], ['token_expired', 4006], ['session_ended', 4503]] as const
  for (const [code, close] of cases) {
    const { connection, send, wire } = setUp({ verify: async () => { throw new AppError(code) } })
    connection.open()
    send('auth', 'any')
    await turn()
    t.match(wire.read()[1], { re: '1', ok: false, error: { code, status: 401, temporary: false } })
    t.equal(wire.closed()?.code, close)
  }
})

t.test('a store that is busy costs an answer, not the socket', async (t) => {
  let tries = 0
  const { connection, send, wire, clock } = setUp({
    verify: async () => {
      if (++tries === 1) throw new AppError('store_busy', { retryAfterMs: 1000 })
      return { caller, expiresAt: clock.now() + hour }
    }
  })
  connection.open()
  send('auth', 'good')
  send('auth', 'good')
  await turn()
  t.match(wire.read().slice(1), [{ ok: false, error: { code: 'store_busy', temporary: true, retryAfterMs: 1000 } }, { ok: true, data: { user: 'ana' } }])
})

t.test('a token of the upgrade signs in before any command', async (t) => {
  const good = setUp()
  good.connection.open('good', 'cursor')
  good.send('echo')
  await turn()
  t.same(good.types(), ['hello', 'authenticated', 're 1'])
  const bad = setUp()
  bad.connection.open('bad')
  await turn()
  t.equal(bad.wire.closed()?.code, 4502)
})

t.test('pings every 25 s; ten seconds without an answer end it', async (t) => {
  const { clock, wire, send, seen } = await signedIn()
  clock.advance(25_000)
  for (let i = 0; i < 3; i++) {
    t.match(wire.read().at(-1), { type: 'ping', data: { cursor: 'here' } })
    clock.advance(9000)
    send('pong')
    await turn()
    wire.frames.length = 0
    clock.advance(16_000)
  }
  clock.advance(9999)
  t.equal(wire.closed(), undefined)
  clock.advance(1)
  t.equal(wire.closed()?.code, 4002)
  t.equal(seen.left, 1)
})

t.test('a pong behind a command that takes long counts on arrival', async (t) => {
  const { clock, wire, send } = await signedIn({ execute: () => new Promise(() => {}) })
  send('slow')
  clock.advance(25_000)
  send('pong')
  await turn()
  clock.advance(15_000)
  t.equal(wire.closed(), undefined)
})

t.test('a minute before the token ends it is told; then the socket ends', async (t) => {
  const { connection, clock, wire, send } = setUp({ verify: async () => ({ caller, expiresAt: start + 90_000 }) })
  const start = clock.now()
  connection.open()
  send('auth', 'good')
  await turn()
  const notices = () => wire.read().filter(({ type }) => type === 'auth.expiring')
  for (let seconds = 5; seconds < 90; seconds += 5) {
    clock.advance(5000)
    send('pong')
    await turn()
    t.equal(notices().length, seconds < 30 ? 0 : 1, `after ${seconds} s`)
  }
  t.match(notices(), [{ data: { expiresAt: new Date(start + 90_000).toISOString() } }])
  t.equal(wire.closed(), undefined)
  clock.advance(5000)
  t.same(wire.closed(), { code: 4006, reason: 'access_expired' })
})

t.test('another token of the same session renews in place', async (t) => {
  const identities: Record<string, Identity['caller']> = { good: caller, stranger: { ...caller, userId: 'eve' }, other: { ...caller, sessionId: 'x' } }
  let expiresAt = 0
  const it = setUp({
    verify: async (token) => {
      const caller = identities[token]
      if (caller === undefined) throw new AppError('token_invalid')
      return { caller, expiresAt }
    },
    execute: (self, { data }) => self.renew(String(data))
  })
  expiresAt = it.clock.now() + 20_000
  it.connection.open()
  it.send('auth', 'good')
  for (const token of ['bad', 'stranger', 'other']) it.send('renew', token)
  await turn()
  t.same(it.wire.read().flatMap(({ error }) => typeof error === 'object' && error !== null && 'code' in error ? [error.code] : []), ['token_invalid', 'forbidden', 'forbidden'])
  expiresAt += 10_000
  it.send('renew', 'good')
  await turn()
  it.clock.advance(24_000)
  t.equal(it.wire.closed(), undefined)
  it.clock.advance(6000)
  t.equal(it.wire.closed()?.code, 4006)
})

t.test('ten bad frames end the socket; each is answered', async (t) => {
  const frames = ['', 'null', '[]', '{}', '{"id":7,"type":"x"}', '{"id":"7"}', '{"id":"7","type":"x","more":1}', '{"id":"","type":"x"}', '"text"']
  const { connection, wire } = setUp()
  connection.open()
  for (const frame of frames) connection.receive(frame)
  const replies = wire.read().slice(1)
  t.equal(replies.length, 9)
  t.ok(replies.every(({ ok }) => ok === false))
  t.same(replies.map(({ re }) => re), [null, null, null, null, null, '7', '7', '', null])
  t.equal(wire.closed(), undefined)
  connection.receive('{')
  t.match(wire.read().at(-1), { type: 'closing', data: { code: 'too_many_bad_frames', reconnect: false } })
  t.equal(wire.closed()?.code, 4500)
})

t.test('a burst of 30, then ten a second; refusals are answered, and ignoring them ends it', async (t) => {
  const { wire, send, clock } = await signedIn()
  const codes = () => wire.read().map(({ ok, error }) => ok === true ? 'ok' : error)
  for (let i = 0; i < 29; i++) send('echo')
  send('echo')
  await turn()
  t.equal(codes().filter((code) => code === 'ok').length, 29)
  t.match(codes().filter((code) => code !== 'ok'), [{ code: 'rate_limited', status: 429, temporary: true, retryAfterMs: 100 }])
  clock.advance(1000)
  wire.frames.length = 0
  for (let i = 0; i < 10; i++) send('echo')
  await turn()
  t.ok(codes().every((code) => code === 'ok'))
  for (let i = 0; i < 40; i++) send('echo')
  await turn()
  t.equal(wire.closed()?.code, 4003)
})

t.test('binary is none of the protocol', async (t) => {
  const { connection, wire } = setUp()
  connection.open()
  connection.receiveBinary()
  t.equal(wire.closed()?.code, 1003)
})

t.test('a reader that is too slow is closed, and what waits for it is forgotten', async (t) => {
  const { connection, wire, clock, seen } = await signedIn()
  wire.block()
  for (let i = 0; i < 600; i++) connection.send(Buffer.from('an event'))
  t.same(wire.closed(), { code: 4004, reason: 'too_slow' })
  t.equal(seen.left, 1)
  clock.advance(limits.closeGraceMs)
  t.equal(wire.isTerminated(), true)
  t.equal(clock.pending(), 0)
})

t.test('a reader that stands still does not hold up a goodbye', async (t) => {
  const { connection, wire, clock } = await signedIn()
  wire.block()
  for (let i = 0; i < 3; i++) connection.send(Buffer.alloc(65_536))
  connection.hangUp('session_closed')
  t.equal(wire.closed(), undefined, 'what is on its way comes first')
  clock.advance(limits.closeFlushMs)
  t.equal(wire.closed()?.code, 4503)
})

t.test('commands wait for a reader that is behind with its replies', async (t) => {
  let runs = 0
  const { wire, send, connection } = await signedIn({ execute: async () => { runs++ } })
  wire.block()
  connection.send(Buffer.alloc(70_000))
  send('echo')
  await turn()
  t.equal(runs, 0)
  wire.take()
  await turn()
  t.equal(runs, 1)
})

t.test('draining lets the running command end, refuses the rest, and says when to come back', async (t) => {
  let finish: (value: string) => void = () => {}
  const it = await signedIn({ execute: () => new Promise((resolve) => { finish = resolve }) })
  it.send('slow')
  it.send('late')
  await turn()
  const draining = it.connection.drain(1234)
  finish('done')
  await turn()
  t.match(it.wire.read(), [
    { re: '2', ok: true, data: 'done' },
    { re: '3', ok: false, error: { code: 'shutting_down', temporary: true } },
    { type: 'closing', data: { code: 'restarting', reconnect: true, retryAfterMs: 1234 } }
  ])
  t.equal(it.wire.closed()?.code, 4005)
  it.connection.closed()
  await draining
  t.equal(it.seen.ended, 1)
})

t.test('draining does not wait for ever', async (t) => {
  const it = await signedIn({ execute: () => new Promise(() => {}) })
  it.send('stuck')
  await turn()
  const draining = it.connection.drain(0)
  it.clock.advance(limits.drainMs)
  await turn()
  it.clock.advance(limits.closeGraceMs)
  t.equal(it.wire.isTerminated(), true)
  it.connection.closed()
  await draining
})

t.test('a socket that goes during auth leaves nothing behind', async (t) => {
  let answer: (identity: Identity) => void = () => {}
  const it = setUp({ verify: () => new Promise((resolve) => { answer = resolve }) })
  it.connection.open()
  it.send('auth', 'good')
  await turn()
  it.connection.closed()
  answer({ caller, expiresAt: it.clock.now() + hour })
  await turn()
  t.equal(it.wire.frames.length, 1, 'only the hello')
  it.clock.advance(2 * hour)
  t.equal(it.seen.ended, 1)
})
