import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection, request } from './http.js'
import { openListener } from './listener.js'
import type { FanOutJob, Result } from './messages.js'
import { createTally, type Tally } from './tally.js'

const limits = { connectingAtOnce: 16, readyMs: 20_000, lastDeliveriesMs: 10_000 }
/** One socket in so many reads the time at which a message was sent. */
const TIMED_EVERY = 25

const EVENT = '{"type":"message.created"'
const READY = '"type":"caught_up"'
const TEXT = '"text":"'
/** Room for the time at which a message is sent, in microseconds. */
const NO_TIME = '0'.repeat(16)

const timeText = (): string => String(Math.round(performance.now() * 1000)).padStart(NO_TIME.length, '0')

/** Sends to one room over HTTP at full rate, and counts what reaches its sockets. `onStart` is called once
 *  all of them listen. */
export async function fanOut (job: FanOutJob, onStart: () => void): Promise<Result> {
  const tally = createTally()
  let closing = false
  const fail = (reason: string): void => { if (!closing) tally.wrong(reason) }
  const sockets = await listen(job, tally, fail)
  const senders = await Promise.all(Array.from({ length: job.senders }, (_, index) => openSender(job, index, tally, fail)))
  onStart()
  tally.begin()
  const until = performance.now() + job.durationMs
  await Promise.race([Promise.all(senders.map(({ run }) => run(until))), sleep(job.durationMs + limits.lastDeliveriesMs, null, { ref: false })])
  await arrived(tally, job.sockets, fail)
  closing = true
  for (const socket of [...sockets, ...senders.map(({ socket }) => socket)]) socket.destroy()
  return tally.result()
}

async function listen ({ port, tokens, sockets: count }: FanOutJob, tally: Tally, fail: (reason: string) => void): Promise<Socket[]> {
  const sockets: Socket[] = []
  const ready = new Set<number>()
  const open = (index: number) => openListener({
    port,
    token: tokens[index % tokens.length] ?? '',
    onFailure: fail,
    onFrame (payload) {
      if (payload.toString('latin1', 0, EVENT.length) === EVENT) {
        tally.right()
        if (index % TIMED_EVERY === 0) tally.waited(waitOf(payload))
      } else if (payload.includes(READY)) ready.add(index)
    }
  })
  for (let index = 0; index < count; index += limits.connectingAtOnce) {
    const wave = Array.from({ length: Math.min(limits.connectingAtOnce, count - index) }, (_, n) => open(index + n))
    sockets.push(...await Promise.all(wave))
  }
  const until = performance.now() + limits.readyMs
  while (ready.size < count) {
    if (performance.now() > until) throw new Error(`${count - ready.size} of ${count} sockets never were ready`)
    await sleep(10)
  }
  return sockets
}

function waitOf (payload: Buffer): number {
  const at = payload.indexOf(TEXT) + TEXT.length
  return performance.now() - Number(payload.toString('latin1', at, at + NO_TIME.length)) / 1000
}

async function openSender ({ port, tokens, conversation }: FanOutJob, index: number, tally: Tally, fail: (reason: string) => void) {
  const token = tokens[index % tokens.length] ?? ''
  const bytes = Buffer.from(request('POST', `/v1/conversations/${conversation}/messages`, { token, body: { text: `${NO_TIME} to the whole room` } }))
  const place = bytes.indexOf(NO_TIME)
  let onAnswer = (): void => {}
  const socket = await openConnection(port, (status, body) => {
    if (status === 201) tally.sent()
    else fail(`${status} ${body.toString().slice(0, 200)}`)
    onAnswer()
  }, fail)

  return {
    socket,
    run: (until: number) => new Promise<void>((resolve) => {
      function send (): void {
        if (performance.now() >= until) return resolve()
        bytes.write(timeText(), place, 'latin1')
        socket.write(bytes)
      }
      onAnswer = send
      send()
    })
  }
}

/** Until every socket has every message; what is still missing after a while is an error each. */
async function arrived (tally: Tally, sockets: number, fail: (reason: string) => void): Promise<void> {
  const until = performance.now() + limits.lastDeliveriesMs
  while (tally.missing(sockets) > 0 && performance.now() < until) await sleep(5)
  if (tally.missing(sockets) !== 0) fail(`${tally.missing(sockets)} deliveries missing`)
}
