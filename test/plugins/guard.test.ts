import t from 'tap'
import { build } from '../helper.js'

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/
const traceparent = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/

t.test('every answer tells the id of its request', async (t) => {
  const app = await build(t)
  const idFor = async (given: string | string[]) => {
    const { headers } = await app.inject({ url: '/health/live', headers: { 'x-request-id': given } })
    return String(headers['x-request-id'])
  }

  for (const given of ['abcd1234', 'a-b.c_d-E', 'x'.repeat(64)]) t.equal(await idFor(given), given)
  for (const given of ['short', 'x'.repeat(65), 'with space', 'line\tbreak', 'ñandú-12', '', ['abcd1234', 'abcd5678']]) {
    t.match(await idFor(given), uuid, `${JSON.stringify(given)} gets a new one`)
  }
  t.match((await app.inject('/nowhere')).headers['x-request-id'], uuid)
})

t.test('every answer has its place in a trace', async (t) => {
  const app = await build(t)
  const traceFor = async (given: string) => {
    const { headers } = await app.inject({ url: '/health/live', headers: { traceparent: given } })
    return String(headers['traceparent'])
  }
  const id = '0af7651916cd43dd8448eb211c80319c'

  t.test('in that of the caller, with a span of its own', async (t) => {
    for (const given of [`00-${id}-b7ad6b7169203331-01`, `cc-${id}-b7ad6b7169203331-01-more`]) {
      const made = await traceFor(given)
      t.match(made, traceparent)
      t.match(made, new RegExp(`^00-${id}-(?!b7ad6b7169203331).{16}-01$`))
    }
  })

  t.test('in a new one where the caller named none', async (t) => {
    const bad = ['', 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `00-${id}-${'0'.repeat(16)}-01`, `ff-${id}-b7ad6b7169203331-01`, `00-${id.toUpperCase()}-b7ad6b7169203331-01`]
    for (const given of bad) {
      const made = await traceFor(given)
      t.match(made, traceparent)
      t.notMatch(made, id)
    }
  })
})

t.test('every answer binds the browser', async (t) => {
  const app = await build(t)
  for (const url of ['/health', '/nowhere', '/%zz', '/problems/internal']) {
    t.match((await app.inject(url)).headers, {
      'content-security-policy': /default-src 'none'/,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store'
    }, url)
  }
})

t.test('other origins', async (t) => {
  const env = { CORS_ORIGINS: 'https://chat.example.org,https://two.example.org' }
  const preflight = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization,if-match' }

  t.test('one that is named may ask, without cookies', async (t) => {
    const app = await build(t, { env })
    const origin = 'https://chat.example.org'
    const { headers } = await app.inject({ url: '/v1/meta', headers: { origin } })
    t.match(headers, { 'access-control-allow-origin': origin, 'access-control-expose-headers': /ETag/, vary: 'Origin' })
    t.notOk(headers['access-control-allow-credentials'])

    const answer = await app.inject({ method: 'OPTIONS', url: '/v1/meta', headers: { origin, ...preflight } })
    t.equal(answer.statusCode, 204)
    t.match(answer.headers, { 'access-control-allow-methods': /PATCH/, 'access-control-allow-headers': /If-Match/ })
  })

  t.test('a failure is readable for it, too', async (t) => {
    const app = await build(t, { env })
    const { headers } = await app.inject({ url: '/nowhere', headers: { origin: 'https://two.example.org' } })
    t.match(headers, { 'access-control-allow-origin': 'https://two.example.org', vary: 'Origin, Accept-Language' })
  })

  t.test('any other one gets no leave', async (t) => {
    for (const app of [await build(t, { env }), await build(t)]) {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const { headers } = await app.inject({ method, url: '/v1/meta', headers: { origin: 'https://evil.example.org', ...preflight } })
        t.notOk(headers['access-control-allow-origin'])
      }
    }
  })
})
