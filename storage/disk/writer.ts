import { StoreError } from '../errors.js'
import type { AppendTimes } from './journal.js'
import { fromPlainError, type FromJournal, type JournalWorkerData, type ToJournal } from './messages.js'
import { soon, startThread, stop } from './threads.js'

export type Opened = Extract<FromJournal, { type: 'opened' }>
export type FoldRequest = Extract<FromJournal, { type: 'fold' }>
type Event = Extract<FromJournal, { type: 'event' }>

export interface WriterEvents {
  /** Rows of a table or batches of a journal, while the store is opened. */
  onRows (kind: 'table' | 'batch', plain: Buffer): void
  onEvent (event: Event): void
  onFold (request: FoldRequest): void
  /** The first failure after the opening; it is the last that is heard of this writer. The thread's socket
   *  answers for it until it has `ended`. */
  onFailed (err: StoreError, ended: Promise<unknown>): void
}

export interface Appended { times: AppendTimes, journalBytes: number }

export interface Writer {
  /** Rejects, once the thread has ended, with the verdict. */
  opened: Promise<Opened>
  /** One group at a time. */
  append (last: number, lines: string): Promise<Appended>
  tell (message: ToJournal): void
  /** Gives the lease up. */
  close (): Promise<void>
}

/** The thread that writes, as the main one sees it. */
export function startWriter (data: JournalWorkerData, { onRows, onEvent, onFold, onFailed }: WriterEvents): Writer {
  const thread = startThread('./journal-worker.js', data)
  let phase: 'opening' | 'open' | 'over' = 'opening'
  let waiting: { resolve: (appended: Appended) => void, reject: (err: StoreError) => void } | null = null
  let settle: { resolve: (opened: Opened) => void, reject: (err: StoreError) => void }
  const opened = new Promise<Opened>((resolve, reject) => { settle = { resolve, reject } })

  function onMessage (message: FromJournal) {
    if (phase === 'over') return
    switch (message.type) {
      case 'rows': return message.plains.forEach((plain) => { onRows(message.kind, Buffer.from(plain)) })
      case 'event': return onEvent(message)
      case 'fold': return onFold(message)
      case 'failed': return fail(fromPlainError(message.error))
      case 'appended': return onAppended(message)
      case 'opened':
        phase = 'open'
        settle.resolve(message)
    }
  }

  function onAppended (appended: Appended) {
    const done = waiting
    waiting = null
    done?.resolve(appended)
  }

  /** Whoever waits is told at once; whether the disk has its group is known only after reading it again. */
  function fail (err: StoreError) {
    if (phase === 'over') return
    const wasOpen = phase === 'open'
    phase = 'over'
    const ended = stop(thread)
    waiting?.reject(err.code === 'store_full' ? err : new StoreError('outcome_unknown', { cause: err }))
    waiting = null
    if (wasOpen) onFailed(err, ended)
    else soon(ended).then(() => { settle.reject(err) }, () => {})
  }

  thread.on('message', onMessage)
  thread.on('error', (err) => { fail(new StoreError('io_failed', { cause: err })) })

  return {
    opened,
    append: (last, lines) => new Promise((resolve, reject) => {
      if (phase !== 'open') return reject(new StoreError('store_unavailable'))
      waiting = { resolve, reject }
      thread.postMessage({ type: 'append', last, lines } satisfies ToJournal)
    }),
    tell (message) { thread.postMessage(message) },
    async close () {
      if (phase === 'over') return soon(stop(thread))
      const answered = new Promise<void>((resolve) => {
        thread.on('message', ({ type }: FromJournal) => { if (type === 'closed' || type === 'failed') resolve() })
        thread.once('exit', () => { resolve() })
      })
      thread.postMessage({ type: 'close' } satisfies ToJournal)
      await soon(answered)
      phase = 'over'
      await soon(stop(thread))
    }
  }
}
