import { request } from './http.js'
import type { Job } from './messages.js'
import type { Target } from './target.js'

export interface Bench {
  name: string
  /** What is counted. */
  unit: 'answers' | 'messages' | 'deliveries'
  about: string
  /** What is at its limit where all goes well. */
  limit: 'processor' | 'disk'
  /** The conversation that messages are sent to, whose head must grow by as many. */
  sendsTo?: keyof Target['conversations']
  job: (target: Target, durationMs: number) => Job
}

const TEXT = 'A message of about the length that people write when they chat with each other.'
const HISTORY_PAGES = 9
const PAGE_ITEMS = 50

const send = (connections: number): Bench => ({
  name: `send-${connections}`,
  unit: 'messages',
  about: `POST /v1/conversations/:id/messages, ${connections} at once, answered when durable`,
  limit: 'disk',
  sendsTo: 'sends',
  job: ({ port, tokens, conversations }, durationMs) => ({
    type: 'load',
    port,
    connections,
    durationMs,
    requests: tokens.map((token) => request('POST', `/v1/conversations/${conversations.sends}/messages`, { token, body: { text: TEXT } })),
    status: 201,
    check: 'sent'
  })
})

/** All that is measured, in the order of the table. Measuring something more is adding a row. */
export const benches: readonly Bench[] = [
  {
    name: 'health',
    unit: 'answers',
    about: 'GET /health, 32 at once',
    limit: 'processor',
    job: ({ port }, durationMs) => ({ type: 'load', port, connections: 32, durationMs, requests: [request('GET', '/health')], status: 200, check: 'health' })
  },
  {
    name: 'read',
    unit: 'answers',
    about: 'GET /v1/users/me with a token, 32 at once',
    limit: 'processor',
    job: ({ port, tokens }, durationMs) => ({
      type: 'load', port, connections: 32, durationMs, requests: tokens.map((token) => request('GET', '/v1/users/me', { token })), status: 200, check: 'me'
    })
  },
  send(1),
  send(32),
  send(256),
  {
    name: 'history',
    unit: 'answers',
    about: 'GET /v1/conversations/:id/messages, pages of 50, 32 at once',
    limit: 'processor',
    job: ({ port, tokens, conversations }, durationMs) => ({
      type: 'load',
      port,
      connections: 32,
      durationMs,
      requests: tokens.map((token, index) =>
        request('GET', `/v1/conversations/${conversations.history}/messages?limit=${PAGE_ITEMS}&before=${(index % HISTORY_PAGES + 1) * PAGE_ITEMS + 101}`, { token })),
      status: 200,
      check: 'page'
    })
  },
  {
    name: 'fan-out',
    unit: 'deliveries',
    about: 'one room of 500 sockets, 8 senders over HTTP at full rate',
    limit: 'processor',
    sendsTo: 'room',
    job: ({ port, tokens, conversations }, durationMs) => ({
      type: 'fan-out', port, durationMs, tokens, sockets: 500, senders: 8, conversation: conversations.room
    })
  }
]
