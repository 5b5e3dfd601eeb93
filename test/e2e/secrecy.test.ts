import { readFileSync, renameSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSocket } from './chat-socket.js'
import { createCheckedClient, type HttpClient } from './http-client.js'
import { type Person, register } from './people.js'
import { playScene, type Secrets } from './scenario.js'
import { makeHome, start } from './server-process.js'
import { createSearch } from './traces.js'

const line = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - \[app_logger\] - \S.*$/
const control = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** What would forge or disguise a line of the log, if it ever got there as it is. */
const forged = '2025-11-10 14:20:01 - INFO - [app_logger] - falsificada'
const tricks = [`\n${forged}`, `\r\n${forged}`, '\u001b[2J\u001b[31mrojo', '\u0000', '\u202eodavla', '\u2028' + forged, '\u0085' + forged]

async function playTricks ({ ask, address }: HttpClient, { token }: Person): Promise<void> {
  for (const trick of tricks) {
    const escaped = encodeURIComponent(trick)
    await ask('POST', '/v1/auth/register', { body: { username: `mala${trick}`, password: 'correcta caballo pila' } })
    await ask('POST', '/v1/auth/login', { body: { username: trick, password: trick } })
    await ask('GET', `/v1/users/${escaped}`, { token })
    await ask('GET', `/v1/users?q=${escaped}`, { token })
    await ask('GET', `/${escaped}`, { token })
    await ask('GET', `/problems/${escaped}`, { token })
    await ask('POST', '/v1/conversations', { token, body: { kind: 'group', name: `x${trick}`, [trick]: trick } })
    await ask('GET', '/v1/users/me', { token: Buffer.from(trick).toString('latin1').replace(/[^\x20-\x7e]/g, '') })
    await ask('GET', '/v1/meta', { headers: { 'x-request-id': escaped, 'user-agent': escaped, 'accept-language': escaped, traceparent: escaped } })
  }
  const { hostname, port } = new URL(address)
  for (const bytes of [`GET /\r\n${forged} HTTP/1.1\r\n\r\n`, `\u001b[31m ${forged}\r\n\r\n`, `GET / HTTP/1.1\r\nhost: a\r\nx: \n${forged}\r\n\r\n`]) {
    const socket = connect(Number(port), hostname).resume()
    socket.end(bytes)
    await once(socket, 'close')
  }
}

/** The share goes away under the running server, and comes back. */
async function loseShare ({ ask }: HttpClient, { token, id }: Person, home: string, text: string): Promise<number[]> {
  const made = await ask('POST', '/v1/conversations', { token, body: { kind: 'group', name: 'Equipo' } })
  const url = `/v1/conversations/${made.json<{ id: string }>().id}/messages`
  renameSync(join(home, 'db'), join(home, 'away'))
  const statuses: number[] = []
  for (let i = 0; i < 3; i++) statuses.push((await ask('POST', url, { token, body: { text: `${text} ${id}` } })).status)
  renameSync(join(home, 'away'), join(home, 'db'))
  while ((await ask('GET', '/health/ready')).status !== 200) await new Promise((resolve) => { setTimeout(resolve, 100) })
  statuses.push((await ask('POST', url, { token, body: { text } })).status)
  return statuses
}

async function floodWithFrames (address: string, secret: string): Promise<void> {
  const socket = await openSocket(address)
  for (const frame of [secret, `{"id":"${secret}","type":"${secret}"}`, `["${secret}"]`, '\u0000', `{"id":"1","type":"auth","data":{"token":"${secret}"}}`, ...Array.from({ length: 12 }, () => `{${secret}`)]) {
    socket.raw(frame)
  }
  await socket.closed
  for (const last of [Buffer.from(secret), secret.repeat(4000)]) {
    const other = await openSocket(address)
    other.raw(last)
    await other.closed
  }
}

function assertLines (t: Test, text: string, what: string): void {
  const lines = text.split('\n').slice(0, -1)
  t.ok(lines.length > 100, `${what}: ${lines.length} lines`)
  t.ok(text.endsWith('\n'))
  t.same(lines.filter((each) => !line.test(each) || control.test(each)), [], `${what} has lines of the seed's shape only`)
  t.same(lines.filter((each) => each.includes(' - falsificada') && each.startsWith('2025')), [], 'none was forged')
}

function assertJsonLines (t: Test, text: string): void {
  const lines = text.split('\n').slice(0, -1)
  t.ok(lines.length > 100, `${lines.length} lines`)
  t.same(lines.filter((each) => control.test(each) || !/^\{"level":"[A-Z]+","time":\d+,"logger":"app_logger"/.test(each)), [])
  t.ok(lines.every((each) => typeof JSON.parse(each).msg === 'string'), 'and each is JSON')
}

for (const format of ['seed', 'json']) {
  t.test(`nothing that people said or are is on the share, or in a log (${format}, DEBUG)`, async (t) => {
    const home = await makeHome(t, { LOG_LEVEL: 'DEBUG', LOG_FORMAT: format })
    const server = await start(t, home)
    const client = await createCheckedClient(server.address)
    const { words, ids }: Secrets = await playScene(client, { prefix: 'zq' })
    const eva = await register(client, 'eva')
    await playTricks(client, eva)
    await floodWithFrames(server.address, words['socketText'] ?? '')
    t.same(await loseShare(client, eva, home.directory, words['text'] ?? ''), [503, 503, 503, 201], 'a share that goes away and comes back')
    const { keys: [jwk] } = (await client.ask('GET', '/.well-known/jwks.json')).json<{ keys: { kid: string, x: string }[] }>()
    t.same(client.contract.faults(), [], 'every answer was as documented')
    const { code, out, err } = await server.end()
    t.equal(code, 0)

    const key = readFileSync(join(home.directory, 'local/nexu.key'), 'utf8').trim()
    const all = { ...words, ...ids, key, evaToken: eva.token, evaRefresh: eva.refreshToken, kid: jwk?.kid ?? '', address: '127.0.0.1', host: 'localhost' }
    t.same(createSearch(all).below(join(home.directory, 'db')), [], `none of ${Object.keys(all).length} names, texts, tokens and ids is on the share`)
    t.ok(!readFileSync(join(home.directory, 'db/nexu/reserve')).includes(Buffer.from(key, 'base64')))

    const log = readFileSync(join(home.directory, 'logs/app.log'), 'utf8')
    const secrets = createSearch({ ...words, key, evaToken: eva.token, evaRefresh: eva.refreshToken })
    for (const [what, text] of Object.entries({ 'app.log': log, stdout: out, stderr: err })) {
      t.same(secrets.inBytes(Buffer.from(text)), [], `nothing of it is in ${what}`)
    }
    assertLines(t, log, 'app.log')
    if (format === 'seed') assertLines(t, out, 'stdout')
    else assertJsonLines(t, out)
    t.equal(err, '')
  })
}

t.test('the search finds what is there', async (t) => {
  const secret = 'canario que hay que ver'
  const search = createSearch({ secret, id: '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10' })
  const around = (bytes: Buffer): Buffer => Buffer.concat([Buffer.alloc(5000, 1), bytes, Buffer.alloc(77, 2)])
  const utf16 = Buffer.from(secret, 'utf16le')
  for (const bytes of [Buffer.from(secret), Buffer.from(Buffer.from(secret).toString('hex')), utf16, Buffer.from(utf16).swap16()]) {
    t.match(search.inBytes(around(bytes)).join(), /secret \(/)
  }
  for (const before of ['', 'x', 'xy', 'xyz']) {
    for (const after of ['', 'x', 'xy']) {
      for (const alphabet of ['base64', 'base64url'] as const) {
        t.match(search.inBytes(around(Buffer.from(Buffer.from(before + secret + after).toString(alphabet)))).join(), /secret \(base64/)
      }
    }
  }
  t.same(search.inBytes(around(Buffer.from('0198c5a27c1e7b4a9f0e3d5b8a6c2e10', 'hex'))), ['id (uuid)'])
})
