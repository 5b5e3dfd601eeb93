import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { createApp } from '../app.js'
import { readConfig } from '../plugins/config.js'
import { limits } from '../plugins/guard.js'
import { createMemoryStore } from '../storage/index.js'
import { as, build, registerUser } from './helper.js'

const listen = async (app: FastifyInstance): Promise<number> => Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)

/** What the server answers to bytes that no HTTP client would send. */
async function raw (port: number, bytes: string): Promise<{ status: string, problem: { code?: string } }> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let answer = ''
  socket.on('data', (text) => { answer += text })
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = '{}'] = answer.split('\r\n\r\n')
  return { status: head.slice(0, 12), problem: JSON.parse(body) }
}

t.test('bytes that are no HTTP get a problem, too', async (t) => {
  const app = await build(t)
  const port = await listen(app)

  const rows: [string, string, string, string][] = [
    ['noise', 'what is this\r\n\r\n', 'HTTP/1.1 400', 'request_malformed'],
    ['a bad header', 'GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n', 'HTTP/1.1 400', 'request_malformed'],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 'HTTP/1.1 400', 'request_malformed'],
    ['headers over the limit', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(limits.headerBytesMax)}\r\n\r\n`, 'HTTP/1.1 431', 'headers_too_large']
  ]
  for (const [what, bytes, status, code] of rows) {
    t.test(`${what} is answered ${status} ${code}`, async (t) => {
      const answer = await raw(port, bytes)
      t.equal(answer.status, status)
      t.equal(answer.problem.code, code)
    })
  }

  t.test('and whoever just leaves is not answered', async (t) => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.resetAndDestroy()
    t.equal((await app.inject('/health/live')).statusCode, 200)
  })
})

t.test('while it closes, requests are turned away and what runs is finished', async (t) => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  const app = await build(t, { routes: async (app) => { app.get('/slow', async () => { await held; return 'done' }) } })
  const port = await listen(app)

  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let answers = ''
  socket.on('data', (text) => { answers += text })
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
  socket.write(request('/slow'))
  await new Promise((resolve) => { app.server.once('request', resolve) })
  const ended = once(socket, 'close')
  const closed = app.close()
  socket.write(request('/health'))
  setTimeout(release, 50)
  await closed
  await ended
  t.match(answers, /HTTP\/1.1 200 OK[^]*done[^]*HTTP\/1.1 503[^]*"code":"shutting_down"/)
})

t.test('the store is closed with the app', async (t) => {
  const store = await createMemoryStore()
  const app = createApp({ config: readConfig({ NODE_ENV: 'test' }), store })
  await app.ready()
  t.equal(store.stats().writable, 'yes')
  await app.close()
  t.equal(store.stats().writable, 'closed')
})

t.test('what somebody did is there after the app was closed and opened again', async (t) => {
  const disk = t.testdir()
  const first = await build(t, { disk })
  const { id, token } = await registerUser(first, 'ana')
  await first.close()

  const second = await build(t, { disk })
  t.match((await as(second, token)('GET', '/v1/users/me')).json(), { id, username: 'ana' })
})
