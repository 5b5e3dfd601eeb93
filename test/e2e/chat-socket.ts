import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A frame of the server, as loose as a client sees it. */
export interface Frame {
  type?: string
  re?: string | null
  ok?: boolean
  cursor?: string
  conversation?: string
  seq?: number
  data?: { cursor?: string, id?: string, seq?: number, duplicate?: boolean, recovered?: boolean }
  error?: { code: string, status: number }
}

export type ChatSocket = Awaited<ReturnType<typeof openSocket>>

const limits = { replyMs: 10_000 }

/** A socket that is open and says what it hears.
 *  @throws where it can't be opened */
export async function openSocket (address: string, onFrame: (frame: Frame) => void = () => {}) {
  const ws = new WebSocket(`${address.replace('http', 'ws')}/v1/socket`)
  const waiting = new Map<string, (frame: Frame | Error) => void>()
  let ids = 0
  let isClosed = false
  const closed = new Promise<{ code: number, reason: string }>((resolve) => {
    ws.once('close', (code, reason) => {
      isClosed = true
      for (const settle of waiting.values()) settle(new Error('the socket closed'))
      waiting.clear()
      resolve({ code, reason: String(reason) })
    })
  })
  ws.on('message', (data) => {
    const frame: Frame = JSON.parse(String(data))
    onFrame(frame)
    if (frame.type === 'ping') ws.send('{"id":"pong","type":"pong"}')
    if (typeof frame.re !== 'string') return
    waiting.get(frame.re)?.(frame)
    waiting.delete(frame.re)
  })
  // A failure closes it, too, and that is enough to know.
  ws.on('error', () => {})
  await Promise.race([once(ws, 'open'), closed.then(() => { throw new Error('the socket was refused') })])

  return {
    closed,
    isClosed: (): boolean => isClosed,
    raw: (text: string | Buffer): void => { ws.send(text) },
    /** Sends a command and resolves with its reply.
     *  @throws where the socket closes first, or none comes in time */
    command (type: string, data: object): Promise<Frame> {
      const id = String(++ids)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => { reject(new Error('no reply in time')) }, limits.replyMs)
        waiting.set(id, (outcome) => {
          clearTimeout(timer)
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
        })
        ws.send(JSON.stringify({ id, type, data }))
      })
    },
    end: (): void => { ws.terminate() }
  }
}

/** A device that comes back by its cursor whenever its socket is gone. `seqs` are the places of the
 *  conversation's log that it heard of, in the order in which it did. */
export function createDevice (address: string, token: string, conversation: string) {
  const seqs: number[] = []
  let socket: ChatSocket | null = null
  let cursor: string | undefined
  let unrecovered = 0

  function hear ({ type, cursor: own, data, conversation: where, seq }: Frame): void {
    const next = own ?? (type === 'caught_up' || type === 'snapshot' ? data?.cursor : undefined)
    if (typeof next === 'string') cursor = next
    if (where === conversation && seq !== undefined) seqs.push(seq)
  }

  async function connected (): Promise<ChatSocket> {
    if (socket !== null && !socket.isClosed()) return socket
    const next = await openSocket(address, hear)
    const from = cursor
    const { ok, error, data } = await next.command('auth', { token, ...(from !== undefined && { resume: { cursor: from } }) })
    if (ok !== true) {
      next.end()
      throw new Error(error?.code)
    }
    if (from !== undefined && data?.recovered !== true) unrecovered++
    socket = next
    return next
  }

  return {
    seqs,
    connected,
    /** How often a cursor did not bring it back. */
    unrecovered: (): number => unrecovered,
    end: (): void => { socket?.end() }
  }
}

export type Device = ReturnType<typeof createDevice>
