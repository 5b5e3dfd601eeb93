import t, { type Test } from 'tap'
import { openSocket } from './chat-socket.js'
import { type Answer, type Ask, createCheckedClient } from './http-client.js'
import { makeGroup, register } from './people.js'
import { rawRequest } from './raw-http.js'
import { makeHome, start } from './server-process.js'

const textBytesMax = 16_384

/** What people, programs and attackers have been known to write. */
const naughty: Record<string, string> = {
  bidi: '\u202eabc\u202c \u2067def\u2069',
  nul: 'a\u0000b',
  controls: '\u0001\u0007\u001b[31m\u007f\u0085',
  'high surrogate': 'a\ud83d',
  'low surrogate': '\udc26b',
  'surrogates the wrong way round': '\udc26\ud83d',
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈🇪🇸',
  zalgo: `Z${'\u0301\u0321\u0489'.repeat(200)}`,
  'no character': '\ufffe\uffff\u{10ffff}',
  bom: '\ufeffhola',
  'line ends': 'a\r\nb\u2028c\u2029d',
  'zero width': 'a\u200b\u200d\u2060b',
  quotes: '"\'`\\\\"',
  markup: '<script>alert(1)</script><img src=x onerror=alert(1)>',
  query: "'; DROP TABLE users; -- ${7*7} {{7*7}} $(id) %n%s", // eslint-disable-line no-template-curly-in-string -- as it is
  json: '{"__proto__":{"admin":true}}',
  prototype: '__proto__',
  constructor: 'constructor',
  paths: '../../../../etc/passwd\u0000.txt',
  numbers: '1e999 NaN -0 0x10 ٣',
  'as long as may be': 'x'.repeat(textBytesMax),
  'as long as may be, in emoji': '🐦'.repeat(textBytesMax / 4)
}

const tooLong = ['x'.repeat(textBytesMax + 1), '🐦'.repeat(textBytesMax / 4) + 'x', 'ñ'.repeat(textBytesMax)]

const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth)

t.test('whatever a client sends is answered, in kind, and the server stays well', async (t) => {
  const home = await makeHome(t)
  const server = await start(t, home)
  const client = await createCheckedClient(server.address)
  const ana = await register(client, 'ana')
  const { token } = ana
  const group = await makeGroup(client, [ana])
  const url = `/v1/conversations/${group}`
  const json = { 'content-type': 'application/json' }

  /** Asks, and wants one of the statuses; every failure is a problem with a code. */
  async function expect (t: Test, what: string, statuses: number[], method: string, path: string, more: Ask = {}): Promise<Answer> {
    const answer = await client.ask(method, path, { token, ...more })
    t.ok(statuses.includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 100)}`)
    if (answer.status >= 400) t.match(answer.headers['content-type'], /^application\/problem\+json/, what)
    return answer
  }

  await t.test('texts come back as they were sent, or are refused', async (t) => {
    for (const [what, text] of Object.entries(naughty)) {
      const answer = await expect(t, what, [201, 400], 'POST', `${url}/messages`, { body: { text, metadata: { texto: text.slice(0, 100) } } })
      if (answer.status !== 201) continue
      const { id } = answer.json<{ id: string }>()
      const read = await client.ask('GET', `${url}/messages/${id}`, { token })
      t.match(read.json(), { text, metadata: { texto: text.slice(0, 100) } }, `${what} is the same`)
    }
    for (const text of tooLong) await expect(t, 'too long', [400, 413], 'POST', `${url}/messages`, { body: { text } })
  })

  await t.test('names, too, wherever there is one', async (t) => {
    for (const [what, text] of Object.entries(naughty)) {
      const short = text.slice(0, 60)
      for (const name of [short, text]) {
        const made = await expect(t, what, [201, 400], 'POST', '/v1/conversations', { body: { kind: 'group', name, topic: name } })
        if (made.status === 201) t.match(made.json(), { name, topic: name })
        const changed = await expect(t, what, [200, 400], 'PATCH', '/v1/users/me', { body: { displayName: name } })
        if (changed.status === 200) t.ok(changed.json<{ displayName: string }>().displayName.length > 0)
        await expect(t, what, [201, 400, 409], 'POST', '/v1/auth/register', { body: { username: name, password: 'correcta caballo pila' } })
        await expect(t, what, [401, 400], 'POST', '/v1/auth/login', { body: { username: name, password: name } })
      }
      if (!/[\ud800-\udfff]/.test(short.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''))) {
        await expect(t, what, [200, 400], 'GET', `/v1/users?q=${encodeURIComponent(short)}`)
        await expect(t, what, [404, 400], 'GET', `/v1/users/${encodeURIComponent(short)}`)
        await expect(t, what, [404, 400], 'GET', `/v1/conversations/${encodeURIComponent(short)}`)
        await expect(t, what, [400], 'GET', `/v1/conversations?cursor=${encodeURIComponent(short)}`)
      }
    }
  })

  await t.test('bodies that are no message', async (t) => {
    const bodies: [what: string, raw: string | Buffer, statuses: number[]][] = [
      ['nothing', '', [400]],
      ['no JSON', 'hola', [400]],
      ['half of it', '{"text":"ho', [400]],
      ['two of them', '{"text":"a"}{"text":"b"}', [400]],
      ['null', 'null', [400]],
      ['an array', '[{"text":"a"}]', [400]],
      ['a number', '12', [400]],
      ['a number as text', '{"text":12}', [400]],
      ['an object as text', '{"text":{"$ne":null}}', [400]],
      ['null as text', '{"text":null}', [400]],
      ['no text', '{"text":""}', [400]],
      ['an unknown field', '{"text":"a","admin":true}', [400]],
      ['fields that are not for clients', '{"text":"a","author":"x","seq":1,"id":"x"}', [400]],
      ['a prototype', '{"text":"a","__proto__":{"kind":"x"}}', [400]],
      ['a prototype in metadata', '{"text":"a","metadata":{"__proto__":"x"}}', [400]],
      ['a constructor', '{"text":"a","constructor":{"prototype":{"x":1}}}', [400]],
      ['a field twice', '{"text":"a","text":"b"}', [201, 400]],
      ['a number without end', '{"text":"a","metadata":{"n":1e999}}', [400]],
      ['a long number', `{"text":"a","metadata":{"n":${'9'.repeat(400)}}}`, [400]],
      ['deep arrays', nested(50_000), [400]],
      ['deep objects', `{"text":"a","metadata":${nested(10_000, '{"a":', '}').replace('{"a":}', '{}')}}`, [400]],
      ['deep metadata', `{"text":"a","metadata":{"a":${nested(1000)}}}`, [400]],
      ['many keys', `{"text":"a","metadata":{${Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join()}}}`, [400]],
      ['many unknown fields', `{${Array.from({ length: 8000 }, (_, i) => `"k${i}":1`).join()}}`, [400]],
      ['too much', `{"text":"${'x'.repeat(140_000)}"}`, [413]],
      ['too much air', ' '.repeat(140_000), [413]],
      ['a mark of the byte order', '\ufeff{"text":"a"}', [201, 400]],
      ['no UTF-8', Buffer.from([0x7b, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x7d]), [201, 400]],
      ['UTF-16', Buffer.from('{"text":"a"}', 'utf16le'), [400]],
      ['metadata of metadata', '{"text":"a","metadata":{"a":{"b":1}}}', [400]],
      ['attachments', '{"text":"a","attachments":[{"id":"0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10"}]}', [400]]
    ]
    for (const [what, raw, statuses] of bodies) await expect(t, what, statuses, 'POST', `${url}/messages`, { raw, headers: json })
    for (const kind of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/jsonp', 'a/b/c', '/', '*/*', 'json']) {
      await expect(t, kind, [400, 415], 'POST', `${url}/messages`, { raw: '{"text":"a"}', headers: { 'content-type': kind } })
    }
    await expect(t, 'no content type', [415, 400], 'POST', `${url}/messages`, { raw: '{"text":"a"}' })
    await expect(t, 'a charset', [201, 415], 'POST', `${url}/messages`, { raw: '{"text":"a"}', headers: { 'content-type': 'application/json; charset=latin1' } })
    await expect(t, 'a coding that is none', [201, 400, 415], 'POST', `${url}/messages`, { raw: '{"text":"a"}', headers: { ...json, 'content-encoding': 'gzip' } })
    await expect(t, 'a read marker as text', [400], 'PUT', `${url}/read`, { body: { seq: '1' } })
    for (const seq of [-1, 1.5, 1e300, null, true, [1]]) await expect(t, 'a strange read marker', [400], 'PUT', `${url}/read`, { body: { seq } })
  })

  await t.test('queries, paths and headers', async (t) => {
    for (const query of ['limit=0', 'limit=101', 'limit=abc', 'limit=1e3', 'limit=-1', 'limit=1&limit=2', 'limit[]=1', 'limit=', 'cursor=', 'cursor=%00', 'cursor=bnVsbA', 'cursor=e30', 'nada=1', '__proto__=1', '__proto__[a]=1', 'constructor=1', 'before=1&after=1', 'after=9007199254740993', 'around=0', `cursor=${'a'.repeat(2000)}`]) {
      await expect(t, query, [400], 'GET', `${url}/messages?${query}`)
    }
    await expect(t, 'many parameters', [400], 'GET', `${url}/messages?${Array.from({ length: 900 }, (_, i) => `k${i}=1`).join('&')}`)
    for (const path of ['/%', '/%00', '/%ff', '/%c0%ae%c0%ae/', '/v1/users/%', '//', '/v1//users', '/v1/users/', '/V1/users/me', '/v1/users/me/', '/../etc/passwd', '/v1/../../x', '/docs/../../package.json', '/docs/static/../../../package.json', '/docs/static/%2e%2e/%2e%2e/package.json', `/v1/users/${'a'.repeat(200)}`, `/${'a/'.repeat(2000)}`, '/v1/users/;', '/v1/users/*', '/*', '/problems/__proto__', '/problems/constructor', '/problems/toString']) {
      const answer = await client.ask('GET', path, { token })
      t.ok([200, 400, 404].includes(answer.status), `${path.slice(0, 60)}: ${answer.status}`)
      t.notMatch(answer.text, /"dependencies"|root:x/)
    }
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Bearer a', 'Bearer a b', 'Basic YTpi', `Bearer ${token} `.repeat(2), `bearer${token}`, 'Bearer ..', 'Bearer a.b.c', `Bearer ${'a.'.repeat(4000)}`]) {
      await expect(t, `authorization ${authorization.slice(0, 20)}`, [401], 'GET', '/v1/users/me', { token: undefined, headers: { authorization } })
    }
    for (const match of ['*', '"', '""', 'W/"1"', '"1", "2"', '1', '"999999999999999999999"', 'x'.repeat(300)]) {
      await expect(t, `if-match ${match.slice(0, 10)}`, [200, 400, 412], 'PATCH', '/v1/users/me', { body: {}, headers: { 'if-match': match } })
    }
    for (const key of ['', ' ', 'ñ', 'x'.repeat(256), 'a b']) {
      await expect(t, `idempotency-key ${key.slice(0, 5)}`, [400, 201], 'POST', `${url}/messages`, { body: { text: 'a' }, headers: { 'idempotency-key': Buffer.from(key).toString('latin1') } })
    }
    for (const language of ['', '*', 'xx', 'es;q=nada', 'en;q=0, es;q=0', `es${',en'.repeat(2000)}`, '-', ';;;']) {
      await expect(t, `accept-language ${language.slice(0, 10)}`, [404], 'GET', '/nada', { headers: { 'accept-language': language } })
    }
    await expect(t, 'a flood of headers', [431], 'GET', '/v1/meta', { headers: Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`x-flood-${i}`, 'xxxxxxxxxxxx'])) })
    // Node looks at no more than a thousand, and the one that names the host comes last.
    await expect(t, 'many small headers', [200, 400, 431], 'GET', '/v1/meta', { headers: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`h${i}`, ''])) })
  })

  await t.test('every path knows its methods', async (t) => {
    const paths = new Map<string, Set<string>>()
    for (const { method, path } of client.contract.operations) paths.set(path, (paths.get(path) ?? new Set()).add(method))
    for (const [path, methods] of paths) {
      const concrete = path.replace('{messageId}', '1-0000000000').replace(/\{\w+\}/g, '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10')
      if (methods.has('GET')) methods.add('HEAD')
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => !methods.has(each))) {
        // Another path with a parameter in this place may know it.
        if ([...paths].some(([other, known]) => other !== path && known.has(method) && new RegExp(`^${other.replace(/\{\w+\}/g, '[^/]+')}$`).test(concrete))) continue
        const answer = await expect(t, `${method} ${path}`, [405], method, concrete)
        for (const known of methods) t.ok(answer.headers.allow?.split(', ').includes(known), `${path} allows ${known}`)
      }
    }
    for (const method of ['TRACE', 'PROPFIND', 'SEARCH', 'LINK']) await expect(t, method, [404, 405, 400, 501], method, '/v1/meta')
  })

  await t.test('bytes', async (t) => {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
    const pipelined = await rawRequest(server.address, get('/v1/meta') + get('/nada') + get('/v1/users/me') + get('/health/live'), 4)
    t.same(pipelined.map(({ status }) => status), [200, 404, 401, 200], 'requests in one packet are answered in order')
    const many = await rawRequest(server.address, get('/health/live').repeat(500), 500)
    t.same([...new Set(many.map(({ status }) => status))], [200])
    t.equal(many.length, 500)
    const body = '{"username":"x","password":"y"}'
    const smuggled = await rawRequest(server.address, `POST /v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n`, 2)
    t.same(smuggled.map(({ status }) => status), [401, 200])

    const rows: [string, string | Buffer, number[]][] = [
      ['no HTTP', 'hola\r\n\r\n', [400]],
      ['TLS', Buffer.from('16030100a5010000a1030354', 'hex'), [400]],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', [400]],
      ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', [400]],
      ['length and chunks', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', [400]],
      ['a length below zero', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n', [400]],
      ['bad chunks', 'POST /v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', [400]],
      ['a line feed in a header', 'GET / HTTP/1.1\r\nhost: a\r\nx: a\nb: c\r\n\r\n', [400, 404]],
      ['a socket nowhere', 'GET /nada HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', [400, 404]],
      ['a NUL in a header', 'GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n', [400]],
      ['a whole URL', 'GET http://elsewhere/v1/meta HTTP/1.1\r\nhost: a\r\n\r\n', [200, 400, 404]],
      ['a long path', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, [431, 400, 414]],
      ['HTTP/1.0', 'GET /health/live HTTP/1.0\r\n\r\n', [200]],
      ['an upgrade to something else', 'GET /v1/socket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n', [400, 426]],
      ['a socket of another version', 'GET /v1/socket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 99\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', [400, 426]],
      ['a socket elsewhere', 'GET /v1/meta HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', [400]]
    ]
    for (const [what, bytes, statuses] of rows) {
      const [answer] = await Promise.race([rawRequest(server.address, bytes), new Promise<[]>((resolve) => { setTimeout(() => { resolve([]) }, 3000) })])
      t.ok(answer !== undefined && statuses.includes(answer.status), `${what}: ${answer?.status ?? 'no answer'} ${answer?.body.slice(0, 80) ?? ''}`)
      if (answer !== undefined && answer.status >= 400) t.match(JSON.parse(answer.body), { code: String, status: answer.status })
    }
    t.same(await rawRequest(server.address, 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n'), [], 'nobody is connected to anywhere')
  })

  await t.test('frames', async (t) => {
    const socket = await openSocket(server.address)
    await socket.command('auth', { token })
    for (const text of [naughty['bidi'], naughty['nul'], naughty['high surrogate'], naughty['emoji'], naughty['as long as may be, in emoji']]) {
      const { ok, error } = await socket.command('message.send', { conversation: group, text })
      t.ok(ok === true || (error?.status ?? 500) < 500, error?.code ?? 'stored')
    }
    for (const data of [{}, { conversation: 'x', text: 'y' }, { conversation: group, text: 12 }, { conversation: group, text: 'a', author: 'x' }]) {
      t.match(await socket.command('message.send', data), { ok: false, error: { code: 'validation_failed', status: 400 } })
    }
    for (const frame of ['', '[]', nested(20_000), '{"id":"1"', '{"id":1,"type":"pong"}']) socket.raw(frame)
    t.match(await socket.command('pong', {}), { ok: true })
    socket.end()
  })

  t.same(client.contract.faults(), [], 'every answer is as the document says')
  const { status, text } = await client.ask('GET', '/health')
  t.match({ status, ...JSON.parse(text) }, { status: 'ok' })
  t.equal((await client.ask('POST', `${url}/messages`, { token, body: { text: 'Sigo aquí' } })).status, 201)
  const { code, out, err } = await server.end()
  t.equal(code, 0)
  t.equal(err, '')
  t.notMatch(out, / - (ERROR|CRITICAL) - /, 'nothing went wrong inside')
})
