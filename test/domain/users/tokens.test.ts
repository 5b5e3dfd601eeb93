import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, importJWK, jwtVerify, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import { load, signingKeyDocuments } from '../../../domain/users/documents.js'
import { limits } from '../../../domain/users/limits.js'
import { createTokens } from '../../../domain/users/tokens.js'
import { createMemoryStore, type Store } from '../../../storage/index.js'

const caller = { userId: '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10', sessionId: '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e11' }
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

async function build (t: Test, given?: Store) {
  const store = given ?? await createMemoryStore()
  const clock = { at: Date.now() }
  const tokens = await createTokens(store, { now: () => clock.at })
  const sign = async () => (await tokens.sign(caller, Infinity)).accessToken
  if (given === undefined) t.teardown(() => store.close())
  return { store, clock, tokens, sign }
}

t.test('a token says who, which session and until when, and nothing else', async (t) => {
  const { tokens, sign, clock } = await build(t)
  const token = await sign()
  const [header = '', payload = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  t.match(JSON.parse(header), { alg: 'EdDSA', typ: 'at+jwt', kid: /^[\w-]{43}$/ })
  t.same(Object.keys(JSON.parse(payload)).sort(), ['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'])
  t.match(await tokens.verify(token), { caller, expiresAt: Math.floor((clock.at + limits.accessTokenMs) / 1000) * 1000 })
})

t.test('anybody can check it by the published keys', async (t) => {
  const { tokens, sign } = await build(t)
  const [key] = tokens.jwks().keys
  t.notMatch(JSON.stringify(tokens.jwks()), /"d"/)
  await t.resolves(jwtVerify(await sign(), await importJWK({ ...key }, 'EdDSA'), { issuer: 'nexu', audience: 'nexu' }))
})

t.test('a token ends', async (t) => {
  const { tokens, sign, clock } = await build(t)
  const [seen, unseen] = [await sign(), await sign()]
  await tokens.verify(seen)
  clock.at += limits.accessTokenMs + 1
  for (const token of [seen, unseen, seen]) await t.rejects(tokens.verify(token), { code: 'token_expired' })
})

t.test('texts that are no token of ours are refused before the library sees them', async (t) => {
  const { tokens, sign } = await build(t)
  const token = await sign()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const texts = [
    '', '.', '..', '...', 'x', `${header}.${payload}`, `${header}.${payload}.`, `${token}.`, `.${token}`, `${token}=`, `${header}=.${payload}.${signature}`,
    ` ${token}`, `${token}\n`, `${header}.${payload} .${signature}`, `${header}.${payload}.${signature.slice(0, -1)}+`, token.replaceAll('-', '+').replaceAll('_', '/') + '/',
    'a'.repeat(limits.accessTokenBytesMax + 1), `${header}.${'A'.repeat(10_000)}.${signature}`, `${token}\u0000`, token.toUpperCase()
  ]
  for (const text of texts) await t.rejects(tokens.verify(text), { code: 'token_invalid' }, JSON.stringify(text.slice(0, 40)))
})

t.test('any flipped bit: refused', async (t) => {
  const { tokens, sign } = await build(t)
  const token = await sign()
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
  let refused = 0
  let tried = 0
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      part[i] = (part[i] ?? 0) ^ 1
      const text = parts.map((bytes) => bytes.toString('base64url')).join('.')
      part[i] = (part[i] ?? 0) ^ 1
      tried++
      await tokens.verify(text).catch((err) => { if (err.code === 'token_invalid') refused++ })
    }
  }
  t.equal(refused, tried)
  await t.resolves(tokens.verify(token))
})

t.test('what RFC 8725 warns of', async (t) => {
  const { tokens, store } = await build(t)
  const document = await load(store, signingKeyDocuments, '1')
  t.ok(document)
  if (document === null) return
  const ours = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: document.x, d: document.d }, 'EdDSA')
  const strangers = generateKeyPairSync('ed25519')
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: document.kid }
  const claims = { sub: caller.userId, sid: caller.sessionId, iss: 'nexu', aud: 'nexu', jti: 'x', iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60 }
  const write = (changed: Partial<JWTHeaderParameters>, said: object, key: Parameters<SignJWT['sign']>[0] = ours) =>
    new SignJWT({ ...claims, ...said }).setProtectedHeader({ ...header, ...changed }).sign(key)

  await t.resolves(tokens.verify(await write({}, {})), 'the template itself is good')
  const jwk = await exportJWK(strangers.publicKey)
  const secret = Buffer.from(document.x, 'base64url')
  const rows: [string, string][] = [
    ['no signature', new UnsecuredJWT(claims).encode()],
    ['alg none with a signature', `${base64url(JSON.stringify({ ...header, alg: 'none' }))}.${base64url(JSON.stringify(claims))}.AAAA`],
    ['the public key as a shared secret', await write({ alg: 'HS256' }, {}, secret)],
    ['another type', await write({ typ: 'JWT' }, {})],
    ['another issuer', await write({}, { iss: 'else' })],
    ['another audience', await write({}, { aud: 'else' })],
    ['an unknown key', await write({ kid: 'else' }, {}, strangers.privateKey)],
    ['somebody else\'s key under our kid', await write({}, {}, strangers.privateKey)],
    ['a key that the token brings along', await write({ jwk, kid: 'else' }, {}, strangers.privateKey)],
    ['no session', await write({}, { sid: undefined })],
    ['no end', await write({}, { exp: undefined })],
    ['a subject that is no id', await write({}, { sub: '../users' })],
    ['not good yet', await write({}, { nbf: claims.exp })]
  ]
  for (const [why, token] of rows) await t.rejects(tokens.verify(token), { code: 'token_invalid' }, why)
})

t.test('signing keys', async (t) => {
  t.test('of many who start at once, all sign with one key', async (t) => {
    const store = await createMemoryStore()
    t.teardown(() => store.close())
    const all = await Promise.all(Array.from({ length: 10 }, () => createTokens(store)))
    t.equal(new Set(all.flatMap((tokens) => tokens.jwks().keys.map(({ kid }) => kid))).size, 1)
    const { accessToken } = await all[3]?.sign(caller, Infinity) ?? { accessToken: '' }
    for (const tokens of all) await t.resolves(tokens.verify(accessToken))
  })

  t.test('outlive a restart', async (t) => {
    const { store, sign } = await build(t)
    const token = await sign()
    const { tokens } = await build(t, store)
    t.match(await tokens.verify(token), { caller })
  })

  t.test('rotate: the newest signs, and older ones go once no token needs them', async (t) => {
    const { tokens, sign, clock, store } = await build(t)
    const old = await sign()
    await tokens.rotate()
    const fresh = await sign()
    const kids = () => tokens.jwks().keys.map(({ kid }) => kid)
    t.equal(kids().length, 2)
    t.not(kidOf(fresh), kidOf(old))
    for (const token of [old, fresh]) await t.resolves(tokens.verify(token))
    const { tokens: second } = await build(t, store)
    await t.resolves(second.verify(old), 'a second reader of the store knows both')

    clock.at += limits.accessTokenMs + 1
    await tokens.rotate()
    t.equal(kids().length, 2)
    t.notOk(kids().includes(kidOf(old)))
    t.ok(kids().includes(kidOf(fresh)))
    await Promise.all([tokens.rotate(), tokens.rotate()])
    t.ok(kids().includes(kidOf(await sign())))
  })

  t.test('rotate by themselves, at the first token after a key has got old', async (t) => {
    const { tokens, sign, clock } = await build(t)
    const first = await sign()
    clock.at += limits.signingKeyMs - 1
    const last = await sign()
    t.equal(kidOf(last), kidOf(first))
    clock.at += 1
    const [one, other] = await Promise.all([sign(), sign()])
    t.not(kidOf(one), kidOf(last))
    t.equal(kidOf(other), kidOf(one), 'and only one takes its place')
    t.match(await tokens.verify(last), { caller }, 'what the old one signed stays good')
  })
})

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
