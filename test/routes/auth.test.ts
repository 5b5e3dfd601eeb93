import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { newId } from '../../domain/ids.js'
import { as, build } from '../helper.js'

const password = 'correct horse'

async function join (app: FastifyInstance, username: string) {
  const res = await app.inject({ method: 'POST', url: '/v1/auth/register', payload: { username, password } })
  const { user, session, accessToken, refreshToken } = res.json()
  return { id: user.id, session: session.id, accessToken, refreshToken, ask: as(app, accessToken) }
}

const login = (app: FastifyInstance, username: string, secret = password) =>
  app.inject({ method: 'POST', url: '/v1/auth/login', headers: { 'user-agent': 'NEXU test' }, payload: { username, password: secret } })

t.test('POST /v1/auth/register', async (t) => {
  const app = await build(t)
  const register = (payload: object) => app.inject({ method: 'POST', url: '/v1/auth/register', payload })

  t.test('answers with the user and tokens that no cache may keep', async (t) => {
    const res = await register({ username: 'ana', password, displayName: 'Ana García' })
    t.equal(res.statusCode, 201)
    t.equal(res.headers['cache-control'], 'no-store')
    t.match(res.json(), {
      user: { username: 'ana', displayName: 'Ana García' },
      accessToken: String,
      tokenType: 'Bearer',
      expiresIn: Number,
      refreshToken: /^nxr_/,
      session: { current: true, address: '127.0.0.1' }
    })
    t.notMatch(res.body, /hash|argon|refreshKey|correct horse/)
  })

  t.test('a name that looks like one that is there is taken', async (t) => {
    const res = await register({ username: 'ANA', password })
    t.equal(res.statusCode, 409)
    t.match(res.json(), { code: 'name_taken' })
  })

  t.test('a name that is none is refused with the reason, in the language that was asked for', async (t) => {
    const payload = { username: 'pаypаl', password }
    const es = await register(payload)
    const en = await app.inject({ method: 'POST', url: '/v1/auth/register', headers: { 'accept-language': 'en' }, payload })
    t.match(es.json(), { code: 'name_invalid', detail: /alfabetos/ })
    t.match(en.json(), { code: 'name_invalid', detail: /alphabets/ })
  })

  t.test('refuses what the schema refuses', async (t) => {
    const rows = [
      [{ username: 'bea', password: 'short' }, '/body/password'],
      [{ username: 'bea', password: 'a'.repeat(257) }, '/body/password'],
      [{ username: 'bea' }, '/body/password'],
      [{ username: 7, password }, '/body/username'],
      [{ username: 'bea', password, status: 'admin' }, '/body/status']
    ] as const
    for (const [payload, pointer] of rows) {
      const res = await register(payload)
      t.equal(res.statusCode, 400)
      t.match(res.json(), { code: 'validation_failed', errors: [{ pointer }] })
    }
  })

  t.test('eight emoji are a password', async (t) => {
    t.equal((await register({ username: 'emo', password: '😀'.repeat(8) })).statusCode, 201)
    t.equal((await register({ username: 'emu', password: '😀'.repeat(7) })).statusCode, 400)
  })

  t.test('may be closed', async (t) => {
    const closed = await build(t, { env: { REGISTRATION: 'closed' } })
    const res = await closed.inject({ method: 'POST', url: '/v1/auth/register', payload: { username: 'ana', password } })
    t.equal(res.statusCode, 403)
    t.match(res.json(), { code: 'registration_closed' })
  })
})

t.test('POST /v1/auth/login', async (t) => {
  const app = await build(t)
  await join(app, 'ana')

  t.test('answers as register does', async (t) => {
    const res = await login(app, 'ANA')
    t.equal(res.statusCode, 200)
    t.equal(res.headers['cache-control'], 'no-store')
    t.match(res.json(), { user: { username: 'ana' }, session: { userAgent: 'NEXU test' } })
  })

  t.test('a wrong password and an unknown name sound the same', async (t) => {
    const [wrong, unknown] = [await login(app, 'ana', 'wrong horse'), await login(app, 'nobody')]
    t.equal(wrong.statusCode, 401)
    t.match(wrong.json(), { code: 'credentials_invalid' })
    t.ok(wrong.headers['www-authenticate'])
    const same = ({ instance, ...problem }: Record<string, unknown>) => problem
    t.same(same(unknown.json()), same(wrong.json()))
    t.equal(unknown.headers['server-timing'], undefined)
  })
})

t.test('POST /v1/auth/refresh', async (t) => {
  const app = await build(t)
  const refresh = (refreshToken: string) => app.inject({ method: 'POST', url: '/v1/auth/refresh', payload: { refreshToken } })

  t.test('gives the next pair, and reuse ends the session', async (t) => {
    const ana = await join(app, 'ana')
    const second = (await refresh(ana.refreshToken)).json()
    t.equal((await as(app, second.accessToken)('GET', '/v1/users/me')).statusCode, 200)
    await refresh(second.refreshToken)
    const reused = await refresh(ana.refreshToken)
    t.equal(reused.statusCode, 401)
    t.match(reused.json(), { code: 'refresh_token_reused' })
    t.match((await as(app, second.accessToken)('GET', '/v1/users/me')).json(), { code: 'session_ended' })
  })

  t.test('what is no refresh token is refused', async (t) => {
    const res = await refresh('nxr_x')
    t.equal(res.statusCode, 401)
    t.match(res.json(), { code: 'refresh_token_invalid' })
  })
})

t.test('who is asking', async (t) => {
  const app = await build(t)
  const ana = await join(app, 'ana')
  const ask = (headers: Record<string, string>) => app.inject({ url: '/v1/users/me', headers })

  t.test('a good token, however the scheme is written', async (t) => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) t.equal((await ask({ authorization: `${scheme} ${ana.accessToken}` })).statusCode, 200, scheme)
  })

  t.test('without a token one is asked for, with a bad one it is named as the fault', async (t) => {
    const none = await ask({})
    t.match(none.json(), { code: 'token_missing' })
    t.equal(none.headers['www-authenticate'], 'Bearer realm="nexu"')
    for (const authorization of ['Bearer', 'Bearer x', `Basic ${ana.accessToken}`, `Bearer ${ana.accessToken} x`, `Bearer ${ana.accessToken.slice(0, -2)}`, ana.accessToken]) {
      const res = await ask({ authorization })
      t.equal(res.statusCode, 401)
      t.match(res.json(), { code: 'token_invalid' }, authorization.slice(0, 20))
      t.match(res.headers['www-authenticate'], /error="invalid_token"/)
    }
  })

  t.test('a token is never taken from the URL', async (t) => {
    t.equal((await app.inject(`/v1/users/me?access_token=${ana.accessToken}`)).statusCode, 401)
  })

  t.test('every route but the ways in asks', async (t) => {
    const routes = [
      ['POST', '/v1/auth/logout'], ['GET', '/v1/auth/sessions'], ['DELETE', '/v1/auth/sessions'], ['GET', `/v1/auth/sessions/${newId()}`], ['DELETE', `/v1/auth/sessions/${newId()}`], ['PUT', '/v1/auth/password'],
      ['GET', '/v1/users/me'], ['PATCH', '/v1/users/me'], ['GET', '/v1/users'], ['GET', `/v1/users/${newId()}`]
    ] as const
    for (const [method, url] of routes) t.match((await app.inject({ method, url })).json(), { code: 'token_missing' }, `${method} ${url}`)
  })

  t.test('app.verifyToken tells sockets who and until when', async (t) => {
    t.match(await app.verifyToken(ana.accessToken), { caller: { userId: ana.id, sessionId: ana.session }, expiresAt: Number })
    await t.rejects(app.verifyToken('x'), { code: 'token_invalid' })
  })
})

t.test('GET /.well-known/jwks.json lets others check a token, and gives no secret away', async (t) => {
  const app = await build(t)
  const ana = await join(app, 'ana')
  const res = await app.inject('/.well-known/jwks.json')
  t.match(res.headers['cache-control'], /^public/)
  t.same(Object.keys(res.json().keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  t.match(await jwtVerify(ana.accessToken, createLocalJWKSet(res.json())), { payload: { sub: ana.id, sid: ana.session } })
})

t.test('sessions', async (t) => {
  t.test('logout ends this one at once, and no other', async (t) => {
    const app = await build(t)
    const ana = await join(app, 'ana')
    const other = as(app, (await login(app, 'ana')).json().accessToken)
    const res = await ana.ask('POST', '/v1/auth/logout')
    t.equal(res.statusCode, 204)
    t.equal(res.body, '')
    const after = await ana.ask('GET', '/v1/users/me')
    t.equal(after.statusCode, 401)
    t.match(after.json(), { code: 'session_ended' })
    t.equal((await other('GET', '/v1/users/me')).statusCode, 200)
  })

  t.test('are listed with the one that asks, and ended one by one', async (t) => {
    const app = await build(t)
    const ana = await join(app, 'ana')
    const phone = (await login(app, 'ana')).json()
    const list = await ana.ask('GET', '/v1/auth/sessions')
    t.match(list.json(), { items: [{ id: ana.session, current: true }, { id: phone.session.id, current: false, userAgent: 'NEXU test' }], next: null })
    t.notMatch(list.body, /refreshKey|counter/)
    t.equal((await ana.ask('DELETE', `/v1/auth/sessions/${phone.session.id}`)).statusCode, 204)
    t.match((await as(app, phone.accessToken)('GET', '/v1/users/me')).json(), { code: 'session_ended' })
    t.match((await ana.ask('DELETE', `/v1/auth/sessions/${phone.session.id}`)).json(), { code: 'session_not_found' })
  })

  t.test('are ended all at once, but for the one that asks', async (t) => {
    const app = await build(t)
    const [ana, bea] = [await join(app, 'ana'), await join(app, 'bea')]
    const others = [(await login(app, 'ana')).json(), (await login(app, 'ana')).json()]
    const ended: string[] = []
    app.sessions.watch((id) => { ended.push(id) })
    for (let times = 0; times < 2; times++) t.equal((await ana.ask('DELETE', '/v1/auth/sessions')).statusCode, 204)
    t.same(ended.sort(), others.map(({ session }) => session.id).sort())
    for (const { accessToken } of others) t.match((await as(app, accessToken)('GET', '/v1/users/me')).json(), { code: 'session_ended' })
    t.match((await ana.ask('GET', '/v1/auth/sessions')).json(), { items: [{ id: ana.session }] })
    t.equal((await bea.ask('GET', '/v1/users/me')).statusCode, 200)
  })

  t.test('are shown one by one, to their owner', async (t) => {
    const app = await build(t)
    const [ana, bea] = [await join(app, 'ana'), await join(app, 'bea')]
    t.match((await ana.ask('GET', `/v1/auth/sessions/${ana.session}`)).json(), { id: ana.session, current: true, userAgent: String })
    t.match((await ana.ask('GET', `/v1/auth/sessions/${bea.session}`)).json(), { status: 404, code: 'session_not_found' })
  })

  t.test('somebody else\'s can\'t be ended', async (t) => {
    const app = await build(t)
    const [ana, bea] = [await join(app, 'ana'), await join(app, 'bea')]
    t.match((await ana.ask('DELETE', `/v1/auth/sessions/${bea.session}`)).json(), { status: 404, code: 'session_not_found' })
    t.equal((await bea.ask('GET', '/v1/users/me')).statusCode, 200)
    t.equal((await ana.ask('DELETE', '/v1/auth/sessions/x')).statusCode, 400)
  })

  t.test('end with a changed password, but for the one that changed it', async (t) => {
    const app = await build(t)
    const ana = await join(app, 'ana')
    const phone = as(app, (await login(app, 'ana')).json().accessToken)
    const change = (currentPassword: string, newPassword: string) => ana.ask('PUT', '/v1/auth/password', { currentPassword, newPassword })
    t.match((await change('wrong horse', 'battery staple')).json(), { code: 'password_wrong', status: 403 })
    t.match((await change(password, password)).json(), { code: 'password_unchanged' })
    t.match((await change(password, 'short')).json(), { code: 'validation_failed' })
    t.equal((await change(password, 'battery staple')).statusCode, 204)
    t.match((await phone('GET', '/v1/users/me')).json(), { code: 'session_ended' })
    t.equal((await ana.ask('GET', '/v1/users/me')).statusCode, 200)
    t.equal((await login(app, 'ana')).statusCode, 401)
    t.equal((await login(app, 'ana', 'battery staple')).statusCode, 200)
  })
})
