import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type ClientOptions, WebSocket } from 'ws'
import type { Caller } from '../domain/caller.js'

/** A frame of the server, as loose as a client in another language would see it. */
export interface Frame {
  type?: string
  re?: string | null
  ok?: boolean
  cursor?: string
  conversation?: string
  seq?: number
  data?: any // eslint-disable-line @typescript-eslint/no-explicit-any -- any JSON
  error?: { code: string, status: number, title: string, temporary: boolean, retryAfterMs?: number, detail?: string, errors?: { pointer: string, detail: string }[] }
}

export interface Person { caller: Caller, token: string }

/** Somebody who has an account and is signed in. */
export async function register (app: FastifyInstance, username: string): Promise<Person> {
  const { accessToken, user, session } = await app.accounts.register({ username, password: 'correct horse battery' }, { userAgent: 'test', address: '127.0.0.1' })
  return { token: accessToken, caller: { userId: user.id, sessionId: session.id } }
}

export type Client = ReturnType<typeof createClient>

/** A client that keeps everything it receives. */
function createClient (ws: WebSocket) {
  const frames: Frame[] = []
  const waiters = new Set<() => void>()
  let ids = 0
  const closed = new Promise<{ code: number, reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  ws.on('message', (data) => {
    frames.push(JSON.parse(String(data)))
    for (const waiter of waiters) waiter()
  })
  ws.on('error', () => {})

  /** The first frame, of those received or to come, that passes. */
  async function find (passes: (frame: Frame) => boolean, from = 0): Promise<Frame> {
    for (let next = from; ; next++) {
      while (next >= frames.length) await new Promise<void>((resolve) => { waiters.add(resolve) })
      const frame = frames[next]
      if (frame !== undefined && passes(frame)) return frame
    }
  }

  return {
    ws,
    frames,
    closed,
    find,
    type: (type: string, from = 0): Promise<Frame> => find((frame) => frame.type === type, from),
    /** Frames of a type that came so far. */
    all: (type: string): Frame[] => frames.filter((frame) => frame.type === type),
    /** Places in the log of a conversation, in the order of their arrival. */
    seqs: (conversation: string): number[] => frames.flatMap((frame) => frame.conversation === conversation && frame.seq !== undefined ? [frame.seq] : []),
    raw: (text: string): void => ws.send(text),

    /** Sends a command and resolves with its reply. */
    command (type: string, data?: unknown): Promise<Frame> {
      const id = `${++ids}`
      ws.send(JSON.stringify({ id, type, data }))
      return find(({ re }) => re === id)
    },

    close (): void {
      ws.close()
    },

    cut (): void {
      ws.terminate()
    }
  }
}

/** The address of the app's socket; the app listens from then on. */
export async function listen (app: FastifyInstance): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `ws://127.0.0.1:${port}/v1/socket`
}

export interface ConnectOptions extends ClientOptions { protocols?: string[], path?: string }

/** A socket that has said hello. */
export async function connect (t: Test, app: FastifyInstance, { protocols = [], path = '', ...options }: ConnectOptions = {}): Promise<Client> {
  const ws = new WebSocket(`${await listen(app)}${path}`, protocols, options)
  t.teardown(() => ws.terminate())
  const client = createClient(ws)
  await once(ws, 'open')
  return client
}

/** A socket that is signed in and up to date. */
export async function signIn (t: Test, app: FastifyInstance, { token }: Person, cursor?: string): Promise<Client> {
  const client = await connect(t, app)
  await client.command('auth', { token, ...(cursor !== undefined && { resume: { cursor } }) })
  await client.type('caught_up')
  return client
}

/** What an upgrade that is refused is answered. */
export async function refused (app: FastifyInstance, { protocols = [], path = '', ...options }: ConnectOptions = {}): Promise<{ status: number, type: string | undefined, problem: { code?: string } }> {
  const ws = new WebSocket(`${await listen(app)}${path}`, protocols, options)
  return new Promise((resolve, reject) => {
    ws.on('open', () => reject(new Error('the socket was opened')))
    ws.on('error', () => {})
    ws.on('unexpected-response', (_request, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => { text += part }).on('end', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], problem: JSON.parse(text) })
      })
    })
  })
}

/** Resolves when nothing has happened for some turns of the event loop. */
export const settle = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
