import t from 'tap'
import { parse } from 'yaml'
import { failures } from '../../domain/errors.js'
import { createMemoryStore, type StoreStats } from '../../storage/index.js'
import { build } from '../helper.js'

/** A store that answers writes as it is told. */
async function storeThatIs (writable: StoreStats['writable']) {
  const store = await createMemoryStore()
  return { ...store, stats: () => ({ ...store.stats(), writable }) }
}

t.test('GET /health', async (t) => {
  t.test('says that all is well', async (t) => {
    const app = await build(t)
    const res = await app.inject('/health')
    t.equal(res.statusCode, 200)
    t.match(res.json(), { status: 'ok', version: /^\d+\.\d+\.\d+/, uptimeSeconds: Number, checks: { store: { status: 'ok', writable: 'yes' } } })
  })

  const rows = [['reopening', 'degraded', 200], ['full', 'degraded', 200], ['closed', 'failing', 503]] as const
  for (const [writable, status, code] of rows) {
    t.test(`a store that is ${writable}: ${status}`, async (t) => {
      const app = await build(t, { store: await storeThatIs(writable) })
      const res = await app.inject('/health')
      t.equal(res.statusCode, code)
      t.match(res.json(), { status, checks: { store: { status, writable } } })
    })
  }
})

t.test('GET /health/live answers as long as the process does', async (t) => {
  const app = await build(t, { store: await storeThatIs('closed') })
  t.same((await app.inject('/health/live')).json(), { status: 'ok' })
})

t.test('GET /health/ready', async (t) => {
  t.same((await (await build(t)).inject('/health/ready')).json(), { status: 'ok' })
  const rows = [['reopening', 503, 'store_unavailable'], ['closed', 503, 'store_unavailable'], ['full', 507, 'store_full']] as const
  for (const [writable, status, code] of rows) {
    t.test(`a store that is ${writable}: ${status} ${code}`, async (t) => {
      const app = await build(t, { store: await storeThatIs(writable) })
      const res = await app.inject('/health/ready')
      t.equal(res.statusCode, status)
      t.equal(res.json().code, code)
      t.ok(res.headers['retry-after'])
    })
  }
})

t.test('GET /v1/meta tells what a client should know', async (t) => {
  const app = await build(t, { env: { REGISTRATION: 'closed' } })
  t.match((await app.inject('/v1/meta')).json(), {
    name: 'nexu', features: { registration: 'closed', languages: ['es', 'en'] }, limits: { bodyBytesMax: 131072, pageItemsMax: 100, textBytesMax: 16384, passwordLengthMin: 8 }
  })
})

t.test('GET /.well-known/jwks.json shows the public halves of the signing keys and nothing more', async (t) => {
  const res = await (await build(t)).inject('/.well-known/jwks.json')
  t.match(res.headers['cache-control'], /^public/)
  const { keys } = res.json()
  t.equal(keys.length, 1)
  t.match(keys[0], { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: String, x: /^[\w-]{43}$/ })
  t.notOk('d' in keys[0])
})

t.test('GET /problems/:code', async (t) => {
  const app = await build(t)

  t.test('explains every failure in both languages', async (t) => {
    for (const [code, { status, es, en }] of Object.entries(failures)) {
      t.match((await app.inject(`/problems/${code}`)).json(), { type: `/problems/${code}`, code, status, title: { es, en } }, code)
    }
  })

  t.test('shows people a page', async (t) => {
    const res = await app.inject({ url: '/problems/name_taken', headers: { accept: 'text/html,*/*;q=0.8' } })
    t.match(res.headers, { 'content-type': 'text/html; charset=utf-8', vary: 'Accept' })
    t.match(res.body, /<h1><code>name_taken<\/code> \(409\)<\/h1>[^]*Ese nombre[^]*That user name/)
  })

  t.test('knows no others, whatever an object has by birth', async (t) => {
    for (const code of ['nothing', 'constructor', '__proto__', 'toString']) t.equal((await app.inject(`/problems/${code}`)).statusCode, 404, code)
  })
})

t.test('the document of the API', async (t) => {
  const app = await build(t)
  const json = await app.inject('/openapi.json')
  const yaml = await app.inject('/openapi.yaml')
  t.match(json.headers['content-type'], /^application\/json/)
  t.match(yaml.headers['content-type'], /^application\/yaml/)
  t.equal(json.json().openapi, '3.1.0')
  t.same(parse(yaml.body), json.json())
})

t.test('the page at /docs works without any other server', async (t) => {
  const app = await build(t)
  const page = await app.inject('/docs')
  t.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /https?:|\*|unsafe-eval|script-src[^;]*unsafe/)

  const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)
  t.ok(parts.length >= 5)
  for (const url of [...parts, '/docs/json']) {
    t.match(url, /^\/docs\//)
    t.equal((await app.inject(url)).statusCode, 200, url)
  }
})
