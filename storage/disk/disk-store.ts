import { decodeBatch, ownKey, type BatchLine, type CellChange } from '../batch.js'
import { Cell } from '../cell.js'
import { createEngine, type Engine } from '../engine.js'
import { StoreError } from '../errors.js'
import type { Log } from '../group-commit.js'
import { encodeKey } from '../keys.js'
import { limits } from '../limits.js'
import type { MasterKeySource } from '../master-key.js'
import type { Store, StoreObserver, StoreStats } from '../store.js'
import type { TableLine } from './fold.js'
import { createFolder } from './folder.js'
import type { JournalWorkerData } from './messages.js'
import type { Trust } from './opening.js'
import { parseLines } from './padding.js'
import { soon } from './threads.js'
import { startWriter, type FoldRequest, type Opened, type Writer, type WriterEvents } from './writer.js'

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
  foldAgeMs?: number
  filesModule?: string
}

interface LoadedBatch { sequence: number, changes: CellChange[] }

const silent: StoreObserver = { time () {}, event () {} }
/** Failures that opening again can't mend; all others are tried again. */
const FATAL = new Set(['store_held', 'store_damaged', 'store_rolled_back', 'store_foreign', 'head_unconfirmed', 'key_wrong', 'format_unknown'])

/** Opens the store of a folder, as its one writer.
 *  @throws StoreError with the verdict; nothing has changed on the share then */
export async function openDiskStore (options: DiskStoreOptions): Promise<Store> {
  const { observer = silent, onFatal } = options
  const history = { id: '' }
  const loaded: LoadedBatch[] = []
  const folder = createFolder()
  let engine: Engine | null = null
  let state: StoreStats['writable'] = 'reopening'
  let writer: Writer
  let journalBytes = 0

  const events: WriterEvents = {
    onRows (kind, plain) {
      const batches = kind === 'table' ? (parseLines(plain) as TableLine[]).map(tableRow) : (parseLines(plain) as BatchLine[]).map(decodeBatch)
      if (engine === null) loaded.push(...batches)
      else for (const { sequence, changes } of batches) engine.recover(sequence, changes)
    },
    onEvent ({ level, code, details }) { observer.event(level, code, details) },
    onFold: fold,
    onFailed (err, ended) {
      if (isClosed()) return
      state = stateAfter(err)
      observer.event('error', 'writer_failed', { err })
      reopen(err, Promise.all([ended, folder.stop()])).catch(onFatal)
    }
  }

  /** The sequence is that of the newest batch that is in memory already. */
  async function open (afterSequence: number): Promise<Opened> {
    const start = performance.now()
    let ok = false
    try {
      writer = startWriter(threadData(options, afterSequence), events)
      const opened = await writer.opened
      ok = true
      return opened
    } finally {
      observer.time('read', performance.now() - start, ok)
    }
  }

  function fold ({ job, term, keyring }: FoldRequest) {
    const start = performance.now()
    const { root, anchor, filesModule = null } = options
    folder.start({ root, anchor, job, term, keyring, filesModule }, (result) => {
      const ok = !(result instanceof StoreError)
      observer.time('compact', performance.now() - start, ok)
      if (!ok) observer.event('error', 'fold_failed', { err: result })
      writer.tell(ok ? { type: 'folded', result } : { type: 'fold failed' })
    })
  }

  /** After a failure the writer is poisoned: what the disk holds is known only after reading it again. */
  async function reopen (reason: StoreError, ended: Promise<unknown>): Promise<void> {
    let failure = reason
    for (let delayMs: number = limits.reopenDelayMs; !isClosed(); delayMs = Math.min(delayMs * 2, limits.reopenDelayMsMax)) {
      if (FATAL.has(failure.code)) {
        state = 'closed'
        onFatal?.(failure)
        return
      }
      await Promise.all([ended, new Promise((resolve) => { setTimeout(resolve, delayMs).unref() })])
      if (isClosed()) return
      try {
        return resume(await open(engine?.store.sequence ?? 0))
      } catch (err) {
        failure = err instanceof StoreError ? err : new StoreError('io_failed', { cause: err })
        if (!isClosed()) state = stateAfter(failure)
        observer.event('warn', 'reopen_failed', { err: failure })
      }
    }
  }

  function resume ({ historyId, sequence, generation }: Opened) {
    if (isClosed()) return
    history.id = historyId
    state = 'yes'
    observer.event('info', 'reopened', { sequence, generation })
  }

  const isClosed = (): boolean => state === 'closed'

  const log: Log = {
    async append ({ last, lines }) {
      const { times, journalBytes: bytes } = await writer.append(last, lines)
      journalBytes = bytes
      observer.time('encrypt', times.encryptMs, true)
      observer.time('write', times.writeMs, true)
      observer.time('anchor', times.anchorMs, true)
    },
    writable: () => state,
    journalBytes: () => journalBytes,
    async close () {
      if (isClosed()) return
      state = 'closed'
      await Promise.all([writer.close(), soon(folder.stop())])
    }
  }

  const opened = await open(0)
  history.id = opened.historyId
  engine = createEngine(log, secretsOf(opened), history, observer)
  for (const { sequence, changes } of loaded.splice(0)) engine.load(sequence, changes)
  engine.load(opened.sequence, [])
  state = 'yes'
  observer.event('info', 'opened', { sequence: opened.sequence, generation: opened.generation, rows: engine.store.stats().keys })
  return engine.store
}

const stateAfter = ({ code }: StoreError): StoreStats['writable'] => code === 'store_full' ? 'full' : 'reopening'

function threadData (options: DiskStoreOptions, afterSequence: number): JournalWorkerData {
  return {
    root: options.root,
    anchor: options.anchor,
    key: options.key,
    trust: options.trust ?? { policy: 'strict', acceptHead: null },
    termMs: options.termMs ?? limits.leaseTermMs,
    beatMs: options.beatMs ?? limits.beatMs,
    foldJournalBytes: options.foldJournalBytes ?? limits.foldJournalBytes,
    foldAgeMs: options.foldAgeMs ?? limits.foldAgeMs,
    filesModule: options.filesModule ?? null,
    afterSequence
  }
}

const secretsOf = ({ storeId, wrappers, blindKey }: Opened) => ({
  storeId: Buffer.from(storeId),
  wrappers: wrappers.map((key) => Buffer.from(key)),
  blindKey: Buffer.from(blindKey)
})

function tableRow ([key, version, ...row]: TableLine): LoadedBatch {
  return { sequence: version, changes: [{ key: ownKey(key), cell: Cell.loaded(encodeKey(key), version, row) }] }
}
