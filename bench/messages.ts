/** What the processes of the benchmark say to each other. Only plain data crosses. */

/** The answers that the generator knows how to check. */
export type CheckName = 'health' | 'me' | 'sent' | 'page'

/** Requests over and over on connections of their own, each waiting for its answer before the next. */
export interface LoadJob {
  type: 'load'
  port: number
  connections: number
  durationMs: number
  /** Connection n sends these in turn, beginning with the nth. */
  requests: readonly string[]
  status: number
  check: CheckName
}

/** One room: sockets that listen, and a few senders over HTTP at full rate. */
export interface FanOutJob {
  type: 'fan-out'
  port: number
  durationMs: number
  /** Each opens as many sockets as it takes to have `sockets` of them. */
  tokens: readonly string[]
  sockets: number
  senders: number
  conversation: string
}

export type Job = LoadJob | FanOutJob

export interface Result {
  /** Answers, or deliveries; only right ones. */
  operations: number
  /** Messages sent, in a fan-out. */
  sent: number
  errors: number
  firstError: string | null
  seconds: number
  /** Of one core. */
  generatorLoad: number
  p50Ms: number
  p99Ms: number
}

export type FromGenerator = { type: 'up' } | { type: 'started' } | { type: 'done', result: Result }

/** What the bare server says once it listens. */
export interface BareReady { type: 'ready', port: number, tokens: string[] }

export type ToBare = { type: 'syncs' }
export type FromBare = BareReady | { type: 'syncs', groups: number }
