import t from 'tap'
import { createDevice, type Device } from './chat-socket.js'
import { createCheckedClient } from './http-client.js'
import { makeGroup, type Person, readLog, registerMany } from './people.js'
import { createRandom } from './random.js'
import { sendOverHttp, sendOverSocket, type Sender, startSender } from './senders.js'
import { makeHome, start, startWithoutWaiting } from './server-process.js'
import { findLosses, type Losses, noLosses } from './stored.js'

const plan = { kills: 20, killsWhileOpening: 4, senders: 32, overSockets: 8, people: 16, servingMsMax: 500, openingMsMax: 900 }
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms) })
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

t.setTimeout(180_000)

t.test('kill -9 at random moments, under many senders: what was acknowledged is there, once and in order', async (t) => {
  const random = createRandom()
  t.comment(`seed ${random.seed}`)
  const home = await makeHome(t)
  const first = await start(t, home)
  const client = await createCheckedClient(first.address)
  const people = await registerMany(client, 'emisor', plan.people)
  const conversations = [await makeGroup(client, people), await makeGroup(client, people)]

  let stopped = false
  const devices: { device: Device, conversation: string }[] = []
  function deviceOf ({ token }: Person, conversation: string): Device {
    const device = createDevice(first.address, token, conversation)
    devices.push({ device, conversation })
    return device
  }

  const senders: Sender[] = Array.from({ length: plan.senders }, (_, i) => {
    const person = people[i % people.length]!
    const conversation = conversations[i % 2]!
    const send = i < plan.overSockets ? sendOverSocket(deviceOf(person, conversation), conversation) : sendOverHttp(client, person, conversation)
    return startSender(`e${i}`, { author: person.id, conversation, send, isStopped: () => stopped })
  })
  // Only a failure settles it.
  const failed = Promise.race(senders.map(({ done }) => done.then(() => new Promise<never>(() => {}))))

  let serving = first
  const restarts: number[] = []
  const openingKills = new Set(Array.from({ length: plan.killsWhileOpening }, () => random.whole(0, plan.kills)))
  for (let kill = 0; kill < plan.kills; kill++) {
    await Promise.race([pause(random.whole(5, plan.servingMsMax)), failed])
    await serving.end('SIGKILL')
    if (openingKills.has(kill)) {
      const { child, ended } = startWithoutWaiting(t, home)
      await pause(random.whole(50, plan.openingMsMax))
      child.kill('SIGKILL')
      await ended
    }
    serving = await start(t, home)
    restarts.push(serving.readyMs)
  }

  await pause(300)
  stopped = true
  await Promise.all(senders.map(({ done }) => done))
  const losses: Losses[] = []
  for (const [i, conversation] of conversations.entries()) {
    const mine = senders.filter((sender) => sender.conversation === conversation)
    const log = await readLog(client, people[0]!, conversation)
    const found = findLosses(log, mine)
    losses.push(found)
    t.same(found, noLosses, `conversation ${i + 1}`)
    t.equal(log.filter(({ type }) => type === 'message.created').length, sum(mine.map(({ acknowledged }) => acknowledged.length)), 'and nothing else')
    for (const { device } of devices.filter((each) => each.conversation === conversation)) {
      await (await device.connected()).command('history.get', { conversation, limit: 1 })
      const [begin = 0] = device.seqs
      t.same(device.seqs, log.slice(begin - 1).map(({ seq }) => seq), 'a device that came back by its cursor heard everything once, in order')
      t.equal(device.unrecovered(), 0, 'its cursor was good each time')
      device.end()
    }
  }
  t.same(client.contract.faults(), [], 'every answer was as documented')
  t.equal((await serving.end()).code, 0)

  t.ok(senders.every((sender) => sender.acknowledged.length > 0), 'everybody got something through')
  t.comment(`${plan.kills} kills, and ${openingKills.size} while opening; serving again after ${spread(restarts)}; ${summary(senders, losses)}`)
})

function spread (times: readonly number[]): string {
  const sorted = times.map(Math.round).sort((a, b) => a - b)
  return `${sorted[0]} to ${sorted.at(-1)} ms, median ${sorted[Math.floor(sorted.length / 2)]} ms`
}

function summary (senders: readonly Sender[], losses: readonly Losses[]): string {
  const count = (of: (sender: Sender) => number): number => sum(senders.map(of))
  const lost = (of: (each: Losses) => string[]): number => sum(losses.map((each) => of(each).length))
  return `${count(({ acknowledged }) => acknowledged.length)} acknowledged, ${count(({ retries }) => retries)} tried again, ` +
    `${count(({ acknowledged }) => acknowledged.filter(({ duplicate }) => duplicate).length)} were there already; ` +
    `missing ${lost(({ missing }) => missing)}, doubled ${lost(({ doubled }) => doubled)}, out of order ${lost(({ outOfOrder, gaps }) => [...outOfOrder, ...gaps])}`
}
