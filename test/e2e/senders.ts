import type { Device } from './chat-socket.js'
import { createHttpClient, type HttpClient } from './http-client.js'
import type { Person } from './people.js'

/** What a sender was told is stored. */
export interface Acknowledged { clientId: string, text: string, seq: number, id: string, duplicate: boolean }

export interface Sender {
  name: string
  author: string
  conversation: string
  acknowledged: Acknowledged[]
  /** Sends that were tried again because nobody answered, or not with a yes. */
  retries: number
  /** Statuses other than 201 that were answered, and how often. */
  refusals: Record<string, number>
  /** Resolves when this one has stopped, with everything it began acknowledged. */
  done: Promise<void>
}

/** One try to send: resolves with the acknowledgement, or with why there is none. */
export type Send = (message: { clientId: string, text: string }) => Promise<Acknowledged | { refused: string }>

// A socket may send ten commands a second.
const socketPaceMs = 110
const waits = { firstMs: 20, maxMs: 250, givenUpMs: 150_000 }
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms) })

/** Sends one message after the other until it is stopped, each until it is acknowledged, under one
 *  `clientId` however often that takes. */
export function startSender (name: string, { author, conversation, send, isStopped }: { author: string, conversation: string, send: Send, isStopped: () => boolean }): Sender {
  const sender: Sender = { name, author, conversation, acknowledged: [], retries: 0, refusals: {}, done: Promise.resolve() }

  async function sendOne (number: number): Promise<void> {
    const message = { clientId: `${name}.${number}`, text: `${name} dice ${number}` }
    const begun = performance.now()
    for (let waitMs = waits.firstMs; performance.now() - begun < waits.givenUpMs; waitMs = Math.min(waitMs * 2, waits.maxMs)) {
      const outcome = await send(message).catch((err: NodeJS.ErrnoException) => ({ refused: err.code ?? err.message }))
      if ('seq' in outcome) {
        sender.acknowledged.push(outcome)
        return
      }
      sender.retries++
      sender.refusals[outcome.refused] = (sender.refusals[outcome.refused] ?? 0) + 1
      await pause(waitMs)
    }
    throw new Error(`${message.clientId} was never acknowledged: ${JSON.stringify(sender.refusals)}`)
  }

  async function run (): Promise<void> {
    for (let number = 1; !isStopped(); number++) await sendOne(number)
  }

  sender.done = run()
  return sender
}

/** Sends over HTTP, on a connection of its own. */
export function sendOverHttp ({ address, contract }: Pick<HttpClient, 'address' | 'contract'>, { token }: Person, conversation: string): Send {
  const { ask } = createHttpClient(address, contract)
  return async ({ clientId, text }) => {
    const answer = await ask('POST', `/v1/conversations/${conversation}/messages`, { token, body: { text, clientId } })
    if (answer.status !== 201) return { refused: `${answer.status} ${answer.json<{ code: string }>().code}` }
    const { seq, id } = answer.json<{ seq: number, id: string }>()
    return { clientId, text, seq, id, duplicate: answer.headers['idempotency-replayed'] === 'true' }
  }
}

/** Sends over a socket, no faster than it may. */
export function sendOverSocket (device: Device, conversation: string): Send {
  let free = 0
  return async ({ clientId, text }) => {
    const now = performance.now()
    free = Math.max(free, now) + socketPaceMs
    await pause(free - now)
    const socket = await device.connected()
    const { ok, data, error } = await socket.command('message.send', { conversation, clientId, text })
    if (ok !== true || data?.seq === undefined || data.id === undefined) return { refused: error?.code ?? 'no reply' }
    return { clientId, text, seq: data.seq, id: data.id, duplicate: data.duplicate === true }
  }
}
