import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { type Contract, createContract } from './contract.js'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body, as whoever asks says it is. */
  json: <T> () => T
}

export interface Ask {
  token?: string | undefined
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is. */
  raw?: string | Buffer
  headers?: Record<string, string>
}

const limits = { answerMs: 15_000 }

export type HttpClient = ReturnType<typeof createHttpClient>

/** A client that keeps its connections, and holds every answer against a contract. */
export function createHttpClient (address: string, contract: Contract | null = null) {
  const agent = new Agent({ keepAlive: true })

  /** @throws what the connection failed with, and what was asked */
  function ask (method: string, path: string, { token, body, raw, headers = {} }: Ask = {}): Promise<Answer> {
    const sent = raw ?? (body === undefined ? '' : JSON.stringify(body))
    return new Promise((resolve, reject) => {
      const fail = (err: NodeJS.ErrnoException): void => { reject(Object.assign(new Error(`${method} ${path}: ${err.message}`), { code: err.code })) }
      const asking = request(`${address}${path}`, {
        agent,
        method,
        timeout: limits.answerMs,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(sent.length > 0 && { 'content-length': Buffer.byteLength(sent) }),
          ...headers
        }
      }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => { text += part })
        response.once('error', fail)
        response.once('end', () => {
          const answer: Answer = { status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) }
          contract?.check(method, path, answer)
          resolve(answer)
        })
      })
      asking.once('timeout', () => { asking.destroy(new Error('no answer in time')) })
      asking.once('error', fail)
      asking.end(sent)
    })
  }

  return { ask, address, contract, close: () => { agent.destroy() } }
}

/** A client that knows what the server promises. */
export async function createCheckedClient (address: string) {
  const plain = createHttpClient(address)
  const { text } = await plain.ask('GET', '/openapi.json')
  plain.close()
  const contract = createContract(text)
  return { ...createHttpClient(address, contract), contract }
}
