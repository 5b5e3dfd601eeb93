import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { createDevice } from './chat-socket.js'
import { createCheckedClient } from './http-client.js'
import { makeGroup, readLog, registerMany } from './people.js'
import { sendOverHttp, sendOverSocket, startSender } from './senders.js'
import { makeHome, start } from './server-process.js'
import { findLosses, noLosses } from './stored.js'

const plan = { senders: 24, overSockets: 6, people: 6, endMsMax: 10_000 }
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms) })

async function isFree (port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const [what] = await Promise.race([once(server, 'listening').then(() => ['listening']), once(server, 'error')])
  server.close()
  return what === 'listening'
}

t.test('told to end under load, it ends well and soon, and what it acknowledged is there', async (t) => {
  const home = await makeHome(t)
  let server = await start(t, home)
  const client = await createCheckedClient(server.address)
  const people = await registerMany(client, 'gente', plan.people)
  const group = await makeGroup(client, people)
  let stopped = false
  const devices = people.slice(0, plan.overSockets).map(({ token }) => createDevice(server.address, token, group))
  const senders = Array.from({ length: plan.senders }, (_, i) => {
    const person = people[i % people.length]!
    const device = devices[i]
    const send = device === undefined ? sendOverHttp(client, person, group) : sendOverSocket(device, group)
    return startSender(`e${i}`, { author: person.id, conversation: group, send, isStopped: () => stopped })
  })

  const times: number[] = []
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
    await pause(700)
    const told = performance.now()
    const { code, err, out } = await server.end(signal)
    times.push(performance.now() - told)
    t.equal(code, 0, `${signal} ends it with 0`)
    t.equal(err, '')
    t.match(out, /Servidor cerrado\n$/)
    t.ok(await isFree(server.port), 'its port is free')
    server = await start(t, home)
  }
  await pause(300)
  stopped = true
  await Promise.all(senders.map(({ done }) => done))

  const log = await readLog(client, people[0]!, group)
  t.same(findLosses(log, senders), noLosses)
  for (const device of devices) {
    await (await device.connected()).command('history.get', { conversation: group, limit: 1 })
    const [begin = 0] = device.seqs
    t.same(device.seqs, log.slice(begin - 1).map(({ seq }) => seq), 'a device heard everything once, in order, over all restarts')
    t.equal(device.unrecovered(), 0)
    device.end()
  }
  t.ok(times.every((ms) => ms < plan.endMsMax), `ended after ${times.map(Math.round).join(', ')} ms`)
  t.comment(`ended ${times.map(Math.round).join(', ')} ms after the signal; ${log.length} entries; other answers: ` +
    JSON.stringify(senders.map(({ refusals }) => refusals).reduce((sum, each) => ({ ...sum, ...each }), {})))
  t.same(client.contract.faults(), [])
  t.equal((await server.end()).code, 0)
})
