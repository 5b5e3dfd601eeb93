import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { build } from '../helper.js'

/** A connection, and all that came back on it once it has ended. */
function dial (port: number) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let heard = ''
  socket.on('data', (text) => { heard += text })
  const ended = once(socket, 'close').then(() => heard)
  return { socket, ended, connected: once(socket, 'connect') }
}

/** A server with a route that answers when it is told to. */
async function buildSlow (t: Test) {
  let answer = (): void => {}
  const gate = new Promise<void>((resolve) => { answer = resolve })
  const asked = { count: 0 }
  const app = await build(t, {
    routes: async (app) => {
      app.get('/slow', async () => {
        asked.count++
        await gate
        return { done: true }
      })
    }
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const isAsked = async (): Promise<void> => { while (asked.count === 0) await sleep(5) }
  return { app, port, answer, isAsked }
}

t.test('the server ends though clients stay connected', async (t) => {
  const { app, port, answer, isAsked } = await buildSlow(t)
  const silent = dial(port)
  const idle = dial(port)
  const waiting = dial(port)
  await Promise.all([silent, idle, waiting].map(({ connected }) => connected))
  idle.socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')
  waiting.socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await isAsked()

  const start = performance.now()
  const closed = app.close()
  await sleep(100)
  t.equal(waiting.socket.destroyed, false, 'who is being answered is not cut off')
  answer()
  await closed
  t.match(await waiting.ended, /^HTTP\/1\.1 200 [^]*"done":true/)
  t.match(await idle.ended, /^HTTP\/1\.1 200 /)
  t.equal(await silent.ended, '', 'a connection that never asked anything is closed as well')
  t.ok(performance.now() - start < 5_000, 'nobody is waited for until a timeout')
})

t.test('who comes while it ends is told to come back', async (t) => {
  const { app, port, answer, isAsked } = await buildSlow(t)
  const [one, other, late] = [dial(port), dial(port), dial(port)]
  one.socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await Promise.all([other.connected, late.connected])
  await isAsked()
  const closed = app.close()
  await sleep(5)
  other.socket.write('GET /v1/meta HTTP/1.1\r\nhost: x\r\n\r\n')
  late.socket.write('GET /v1/socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  t.match(await other.ended, /^HTTP\/1\.1 503 [^]*retry-after: 2[^]*"code":"shutting_down"/)
  t.match(await late.ended, /^HTTP\/1\.1 503 /, 'a socket that would be opened, too')
  answer()
  await closed
  t.match(await one.ended, /"done":true/)
})
