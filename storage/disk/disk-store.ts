import { Worker } from 'node:worker_threads'
import { decodeBatch, ownKey, type BatchLine } from '../batch.js'
import { Cell } from '../cell.js'
import { atMost } from '../deadline.js'
import { createEngine, type Engine } from '../engine.js'
import { StoreError } from '../errors.js'
import type { Group, Log } from '../group-commit.js'
import { encodeKey } from '../keys.js'
import { limits } from '../limits.js'
import type { MasterKeySource } from '../master-key.js'
import type { Store, StoreObserver, StoreStats } from '../store.js'
import type { TableLine } from './fold.js'
import { fromPlainError, type FoldWorkerData, type FromFold, type FromJournal, type JournalWorkerData, type ToJournal } from './messages.js'
import type { Trust } from './opening.js'
import { parseLines } from './padding.js'

export interface DiskStoreOptions {
  /** The store's own folder on the share, and a folder on a local disk. */
  root: string
  anchor: string
  key: MasterKeySource
  trust?: Trust
  observer?: StoreObserver
  /** The store can't go on in this process (another owner has taken over): the process should end. */
  onFatal?: (err: StoreError) => void
  /** Other bounds than `limits`, for tests in a hurry. */
  termMs?: number
  beatMs?: number
  foldJournalBytes?: number
  filesModule?: string
}

type Opened = Extract<FromJournal, { type: 'opened' }>

/** The threads need neither the flags nor the environment (it may hold secrets) of this process. */
const bare = { execArgv: [], env: {} }
const silent: StoreObserver = { time () {}, event () {} }
/** Failures that opening again can't mend; all others are tried again. */
const FATAL = new Set(['store_held', 'store_damaged', 'store_rolled_back', 'store_foreign', 'head_unconfirmed', 'key_wrong', 'format_unknown'])

/** Opens the store of a folder, as its one writer.
 *  @throws StoreError with the verdict; nothing has changed on the share then */
export async function openDiskStore (options: DiskStoreOptions): Promise<Store> {
  const observer = options.observer ?? silent
  const history = { id: '' }
  const loaded: { sequence: number, changes: Loaded }[] = []
  let engine: Engine | null = null
  let state: StoreStats['writable'] = 'reopening'
  let worker: Worker | null = null
  let foldWorker: Worker | null = null
  /** The end of the last writer's thread: its socket answers for it until then. */
  let ended: Promise<unknown> = Promise.resolve()
  let journalBytes = 0
  let pending: { resolve: () => void, reject: (err: StoreError) => void } | null = null

  function startWorker (afterSequence: number): Promise<Opened> {
    const data: JournalWorkerData = {
      root: options.root,
      anchor: options.anchor,
      key: options.key,
      trust: options.trust ?? { policy: 'strict', acceptHead: null },
      termMs: options.termMs ?? limits.leaseTermMs,
      beatMs: options.beatMs ?? limits.beatMs,
      foldJournalBytes: options.foldJournalBytes ?? limits.foldJournalBytes,
      filesModule: options.filesModule ?? null,
      afterSequence
    }
    const start = performance.now()
    const started = worker = new Worker(new URL('./journal-worker.js', import.meta.url), { workerData: data, ...bare })
    return new Promise((resolve, reject) => {
      let isOpen = false
      function onError (err: StoreError) {
        if (isOpen) return onFailure(started, err)
        if (worker === started) worker = null
        ended = stop(started)
        observer.time('read', performance.now() - start, false)
        reject(err)
      }
      started.on('error', (err) => { onError(new StoreError('io_failed', { cause: err })) })
      started.on('message', (message: FromJournal) => {
        if (message.type === 'failed') return onError(fromPlainError(message.error))
        if (worker !== started) return
        if (message.type !== 'opened') return onMessage(message)
        isOpen = true
        observer.time('read', performance.now() - start, true)
        resolve(message)
      })
    })
  }

  function onMessage (message: FromJournal) {
    if (message.type === 'rows') message.plains.forEach((plain) => { takeIn(message.kind, Buffer.from(plain)) })
    else if (message.type === 'event') observer.event(message.level, message.code, message.details)
    else if (message.type === 'fold') startFold(message)
    else if (message.type === 'appended') onAppended(message)
  }

  function takeIn (kind: 'table' | 'batch', plain: Buffer) {
    const rows = kind === 'table' ? (parseLines(plain) as TableLine[]).map(tableRow) : (parseLines(plain) as BatchLine[]).map(decodeBatch)
    if (engine === null) loaded.push(...rows)
    else for (const { sequence, changes } of rows) engine.recover(sequence, changes)
  }

  function onAppended ({ times, journalBytes: bytes }: Extract<FromJournal, { type: 'appended' }>) {
    journalBytes = bytes
    observer.time('encrypt', times.encryptMs, true)
    observer.time('write', times.writeMs, true)
    observer.time('anchor', times.anchorMs, true)
    const waiting = pending
    pending = null
    waiting?.resolve()
  }

  function startFold ({ job, term, keyring }: Extract<FromJournal, { type: 'fold' }>) {
    const started = performance.now()
    const data: FoldWorkerData = { root: options.root, anchor: options.anchor, job, term, keyring, filesModule: options.filesModule ?? null }
    const folder = foldWorker = new Worker(new URL('./fold-worker.js', import.meta.url), { workerData: data, ...bare })
    const onEnd = (message: FromFold) => {
      if (foldWorker !== folder) return
      foldWorker = null
      observer.time('compact', performance.now() - started, message.type === 'folded')
      if (message.type === 'folded') return send(message)
      observer.event('error', 'fold_failed', { err: fromPlainError(message.error) })
      send({ type: 'fold failed' })
    }
    folder.on('message', onEnd)
    folder.on('error', (err) => { onEnd({ type: 'failed', error: { code: 'io_failed', place: undefined, hint: undefined, cause: err.message } }) })
  }

  const send = (message: ToJournal): void => { worker?.postMessage(message) }

  /** The writer is poisoned: whoever waits is told so, and the store is opened again from the disk. */
  function onFailure (failed: Worker, err: StoreError) {
    if (worker !== failed || isClosed()) return
    worker = null
    state = stateAfter(err)
    observer.event('error', 'writer_failed', { err })
    const waiting = pending
    pending = null
    waiting?.reject(err.code === 'store_full' ? err : new StoreError('outcome_unknown', { cause: err }))
    foldWorker?.terminate().catch(() => {})
    foldWorker = null
    ended = stop(failed)
    reopen(err).catch(options.onFatal)
  }

  async function reopen (reason: StoreError): Promise<void> {
    let failure = reason
    for (let delayMs: number = limits.reopenDelayMs; !isClosed(); delayMs = Math.min(delayMs * 2, limits.reopenDelayMsMax)) {
      if (FATAL.has(failure.code)) {
        state = 'closed'
        options.onFatal?.(failure)
        return
      }
      await Promise.all([ended, new Promise((resolve) => { setTimeout(resolve, delayMs).unref() })])
      if (isClosed()) return
      try {
        const opened = await startWorker(engine?.store.sequence ?? 0)
        if (isClosed()) return
        history.id = opened.historyId
        state = 'yes'
        observer.event('info', 'reopened', { sequence: opened.sequence, generation: opened.generation })
        return
      } catch (err) {
        failure = err instanceof StoreError ? err : new StoreError('io_failed', { cause: err })
        if (!isClosed()) state = stateAfter(failure)
        observer.event('warn', 'reopen_failed', { err: failure })
      }
    }
  }

  const isClosed = (): boolean => state === 'closed'

  const log: Log = {
    append: ({ last, lines }: Group) => new Promise((resolve, reject) => {
      if (worker === null) return reject(new StoreError('store_unavailable'))
      pending = { resolve, reject }
      send({ type: 'append', last, lines })
    }),
    writable: () => state,
    journalBytes: () => journalBytes,
    async close () {
      if (isClosed()) return
      state = 'closed'
      await Promise.all([closeWorker(worker), foldWorker === null ? null : soon(stop(foldWorker))])
    }
  }

  const { historyId, storeId, wrappers, blindKey, sequence, generation } = await startWorker(0)
  history.id = historyId
  engine = createEngine(log, {
    storeId: Buffer.from(storeId), wrappers: wrappers.map((key) => Buffer.from(key)), blindKey: Buffer.from(blindKey)
  }, history, observer)
  for (const row of loaded) engine.load(row.sequence, row.changes)
  engine.load(sequence, [])
  loaded.length = 0
  state = 'yes'
  observer.event('info', 'opened', { sequence, generation, rows: engine.store.stats().keys })
  return engine.store
}

const stateAfter = ({ code }: StoreError): StoreStats['writable'] => code === 'store_full' ? 'full' : 'reopening'

const soon = (event: Promise<unknown>): Promise<void> => atMost(limits.commitDeadlineMs, event)

type Loaded = ReturnType<typeof decodeBatch>['changes']

function tableRow ([key, version, ...row]: TableLine): { sequence: number, changes: Loaded } {
  return { sequence: version, changes: [{ key: ownKey(key), cell: Cell.loaded(encodeKey(key), version, row) }] }
}

/** Resolves when the lease is given up; a worker that hangs in the kernel is not waited for. */
async function closeWorker (worker: Worker | null): Promise<void> {
  if (worker === null) return
  const closed = new Promise<void>((resolve) => {
    worker.on('message', (message: FromJournal) => { if (message.type === 'closed' || message.type === 'failed') resolve() })
    worker.once('exit', () => { resolve() })
  })
  worker.postMessage({ type: 'close' } satisfies ToJournal)
  await soon(closed)
  await soon(stop(worker))
}

/** Not to be waited for at the end of the process: a thread that hangs in the kernel ends only with it. */
const stop = (worker: Worker): Promise<unknown> => worker.terminate().catch(() => {})
