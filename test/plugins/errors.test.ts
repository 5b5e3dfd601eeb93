import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import t from 'tap'
import { AppError } from '../../domain/errors.js'
import { limits } from '../../plugins/guard.js'
import { StoreError, type StoreFailureCode } from '../../storage/index.js'
import { build } from '../helper.js'

const secret = 'a secret that must not leave'

const routes: FastifyPluginAsync = async (app) => {
  const Body = Type.Object({ text: Type.String({ maxLength: 4 }), kind: Type.Optional(Type.Integer()) }, { additionalProperties: false })
  const Query = Type.Object({ limit: Type.Integer({ maximum: 100, default: 50 }) }, { additionalProperties: false })
  app.post('/checked', { schema: { body: Body, querystring: Query } }, async ({ query, body }) => ({ query, body }))
  app.get('/app-error', async () => {
    throw new AppError('rate_limited', { detail: { es: 'con detalle', en: 'with detail' }, retryAfterMs: 1500 })
  })
  app.get('/store-error/:code', async (request) => { throw new StoreError(codeOf(request.params), { place: secret }) })
  app.get('/refused', async () => { throw new AppError('token_expired') })
  app.get('/unexpected', async () => { throw new Error(secret) })
  app.get('/no-error', async () => { throw secret })
  app.get('/not-serializable', { schema: { response: { 200: Type.Object({ n: Type.Integer() }) } } }, async () => ({ n: secret }))
}

const failing = ['store_busy', 'store_full', 'store_unavailable', 'store_closed', 'outcome_unknown', 'batch_too_large', 'store_damaged', 'io_failed', 'key_wrong'] as const

function codeOf (params: unknown): StoreFailureCode {
  const { code }: { code?: string } = { ...(typeof params === 'object' ? params : {}) }
  return failing.find((known) => known === code) ?? 'io_failed'
}

t.test('a failure is a problem document', async (t) => {
  const app = await build(t, { routes })

  t.test('with all that is known of it, in Spanish by habit', async (t) => {
    const res = await app.inject('/app-error')
    t.equal(res.statusCode, 429)
    t.match(res.headers, { 'content-type': /^application\/problem\+json/, 'content-language': 'es', vary: 'Accept-Language', 'retry-after': '2' })
    t.same(res.json(), {
      type: '/problems/rate_limited',
      title: 'Demasiadas solicitudes; espera un poco',
      status: 429,
      code: 'rate_limited',
      detail: 'con detalle',
      instance: res.headers['x-request-id'],
      retryAfterMs: 1500
    })
  })

  t.test('in English for whoever wants that', async (t) => {
    const res = await app.inject({ url: '/app-error', headers: { 'accept-language': 'fr, en;q=0.5' } })
    t.equal(res.headers['content-language'], 'en')
    t.match(res.json(), { title: 'Too many requests; wait a little', detail: 'with detail' })
  })

  t.test('a refused token is challenged', async (t) => {
    const res = await app.inject('/refused')
    t.equal(res.statusCode, 401)
    t.equal(res.headers['www-authenticate'], 'Bearer realm="nexu", error="invalid_token"')
  })

  for (const url of ['/unexpected', '/no-error', '/not-serializable', '/store-error/key_wrong']) {
    t.test(`${url} tells the request id and nothing else`, async (t) => {
      const res = await app.inject({ url, headers: { 'accept-language': 'en' } })
      t.equal(res.statusCode, 500)
      t.same(res.json(), { type: '/problems/internal', title: 'Internal error', status: 500, code: 'internal', instance: res.headers['x-request-id'] })
    })
  }
})

t.test('what the store could not do', async (t) => {
  const app = await build(t, { routes })
  const rows = [
    ['store_busy', 503, 'store_busy', '1'],
    ['store_full', 507, 'store_full', '60'],
    ['store_unavailable', 503, 'store_unavailable', '5'],
    ['store_closed', 503, 'shutting_down', '2'],
    ['outcome_unknown', 503, 'outcome_unknown', '1'],
    ['batch_too_large', 413, 'payload_too_large', undefined],
    ['store_damaged', 503, 'integrity', undefined],
    ['io_failed', 503, 'store_unavailable', '5']
  ] as const
  for (const [from, status, code, retryAfter] of rows) {
    t.test(`${from} is answered ${status} ${code}`, async (t) => {
      const res = await app.inject(`/store-error/${from}`)
      t.equal(res.statusCode, status)
      t.equal(res.json().code, code)
      t.equal(res.headers['retry-after'], retryAfter)
      t.notMatch(res.body, secret)
    })
  }
})

t.test('a request that the schema refuses', async (t) => {
  const app = await build(t, { routes })
  const post = (payload: string | object, url = '/checked', headers = {}) => app.inject({ method: 'POST', url, payload, headers })

  t.test('names each bad field by its pointer', async (t) => {
    const res = await post({ text: 'too long', more: 1, kind: '7' })
    t.equal(res.statusCode, 400)
    t.match(res.json(), { code: 'validation_failed' })
    t.same(res.json().errors, [
      { pointer: '/body/more', detail: 'no se conoce este campo' },
      { pointer: '/body/text', detail: 'debe tener como mucho 4 caracteres' },
      { pointer: '/body/kind', detail: 'debe ser de tipo integer' }
    ])
  })

  t.test('converts what a query says, and nothing in a body', async (t) => {
    t.same((await post({ text: 'abc' }, '/checked?limit=7')).json(), { query: { limit: 7 }, body: { text: 'abc' } })
    t.same((await post({ text: 7 }, '/checked')).json().errors, [{ pointer: '/body/text', detail: 'debe ser de tipo string' }])
    t.same((await post({ text: 'abc' }, '/checked?limit=101&x=1')).json().errors, [
      { pointer: '/query/x', detail: 'no se conoce este campo' },
      { pointer: '/query/limit', detail: 'debe ser como mucho 100' }
    ])
  })

  const json = { 'content-type': 'application/json' }
  const rows: [string, string, Record<string, string>, number, string][] = [
    ['cut JSON', '{"text":', json, 400, 'body_malformed'],
    ['no body where one is needed', '', json, 400, 'validation_failed'],
    ['a poisoned prototype', '{"__proto__":{"x":1}}', json, 400, 'body_malformed'],
    ['a poisoned constructor', '{"constructor":{"prototype":{"x":1}}}', json, 400, 'body_malformed'],
    ['another content type', '<a/>', { 'content-type': 'text/xml' }, 415, 'media_type_unsupported'],
    ['a body over the limit', JSON.stringify({ text: 'x'.repeat(limits.bodyBytesMax) }), json, 413, 'payload_too_large'],
    ['a false length', '{}', { ...json, 'content-length': '1' }, 400, 'request_malformed']
  ]
  for (const [what, payload, headers, status, code] of rows) {
    t.test(`${what} is answered ${status} ${code}`, async (t) => {
      const res = await post(payload, '/checked', headers)
      t.equal(res.statusCode, status)
      t.match(res.headers['content-type'], /^application\/problem\+json/)
      t.equal(res.json().code, code)
    })
  }
})

t.test('a request that meets no route', async (t) => {
  const app = await build(t, { routes })

  t.test('a path that nobody knows', async (t) => {
    const res = await app.inject('/v1/nothing')
    t.equal(res.statusCode, 404)
    t.equal(res.json().code, 'route_not_found')
    t.notOk(res.headers.allow)
  })

  t.test('a known path by another method says which ones there are', async (t) => {
    const res = await app.inject({ method: 'DELETE', url: '/store-error/x?y=/checked' })
    t.equal(res.statusCode, 405)
    t.equal(res.headers.allow, 'GET, HEAD')
    t.equal(res.json().code, 'method_not_allowed')
  })

  t.test('a broken escape', async (t) => {
    const res = await app.inject('/%zz')
    t.equal(res.statusCode, 400)
    t.equal(res.json().code, 'request_malformed')
    t.ok(res.headers['x-content-type-options'])
  })

  t.test('a parameter that is longer than any', async (t) => {
    const res = await app.inject(`/problems/${'x'.repeat(limits.paramCharsMax + 1)}`)
    t.equal(res.statusCode, 404)
    t.equal(res.json().code, 'route_not_found')
  })
})
