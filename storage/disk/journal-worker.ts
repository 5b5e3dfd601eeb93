import { parentPort, workerData } from 'node:worker_threads'
import { StoreError } from '../errors.js'
import type { Files } from './files.js'
import { toPlainError, type FromJournal, type JournalWorkerData, type ToJournal } from './messages.js'
import { becomeOwner, type Owner } from './owner.js'
import { newestTerm } from './keyring.js'
import { parseSequence } from './padding.js'
import { placesOf } from './places.js'
import { discard, ioFailed } from './steps.js'

/** The thread that writes: journal, lease and anchor. Its file calls block it and nothing else. */
const options = workerData as JournalWorkerData
const { files: calls } = await import(options.filesModule ?? './files.js') as { files: Files }
const places = placesOf(options.root, options.anchor)
const say = (message: FromJournal): void => { parentPort?.postMessage(message) }
const observer = {
  time () {},
  event (level: 'info' | 'warn' | 'error', code: string, details: Record<string, unknown>) { say({ type: 'event', level, code, details }) }
}

/** Rows are handed over in parcels, so that the main thread stays responsive while it takes them in. */
const PARCEL_BYTES = 1024 * 1024
/** More ended journals than this are folded, however small they are: each one is a file to open. */
const JOURNALS_MAX = 8
/** Tables are rewritten once the journals are half of them, so that little is written twice. */
const TABLES_PER_JOURNAL = 2
const FOLD_RETRY_MS = 10 * 60_000

let owner: Owner
let folding = false
let foldedAt = performance.now()
let failed = false
let beatTimer: NodeJS.Timeout

function sayRows (kind: 'table' | 'batch', plains: readonly Buffer[]) {
  let parcel: Uint8Array[] = []
  let bytes = 0
  for (const plain of plains) {
    // A copy: small buffers share their memory with others, and all of it would cross.
    parcel.push(Uint8Array.from(plain))
    bytes += plain.length
    if (bytes < PARCEL_BYTES) continue
    say({ type: 'rows', kind, plains: parcel })
    parcel = []
    bytes = 0
  }
  if (parcel.length > 0) say({ type: 'rows', kind, plains: parcel })
}

async function start () {
  owner = await becomeOwner({ files: calls, places, key: options.key, trust: options.trust, termMs: options.termMs, observer })
  const { state, unlocked: { keyring, superblock } } = owner
  const isNew = (plain: Buffer) => parseSequence(plain) > options.afterSequence
  if (options.afterSequence === 0) sayRows('table', state.tables)
  sayRows('batch', [...state.batches, ...state.unconfirmed.map(({ plain }) => plain)].filter(isNew))
  say({
    type: 'opened',
    historyId: owner.historyId,
    storeId: superblock.storeId,
    wrappers: [...keyring.wrappers],
    blindKey: keyring.blindKey,
    sequence: state.end.sequence,
    generation: owner.ownership.generation
  })
  beatTimer = setInterval(beat, options.beatMs)
  foldIfDue()
}

function beat () {
  try {
    if (!owner.ownership.isMine()) throw new StoreError('store_held', { place: 'another owner has taken over' })
    owner.ownership.beat()
    foldIfDue()
  } catch (err) { fail(err) }
}

function foldIfDue () {
  const { journal } = owner
  const isLarge = journal.unfoldedBytes() >= Math.max(options.foldJournalBytes, journal.tableBytes() / TABLES_PER_JOURNAL)
  const isOld = performance.now() - foldedAt >= options.foldAgeMs && !journal.isFolded()
  if (folding || !(isLarge || isOld || journal.unfoldedCount() >= JOURNALS_MAX)) return
  folding = true
  const { keyring, superblock } = owner.unlocked
  say({ type: 'fold', job: journal.startFold(), term: newestTerm(keyring), keyring: { storeId: superblock.storeId, terms: [...keyring.terms] } })
}

function retryFold () {
  folding = false
  try {
    if (failed) return
    foldIfDue()
  } catch (err) { fail(err) }
}

/** The first failure ends this writer: what the disk holds now is known only after reading it again. */
function fail (err: unknown) {
  clearInterval(beatTimer)
  failed = true
  const error = toPlainError(err instanceof StoreError ? err : ioFailed(err, options.root))
  // Room to clean up and to claim; that it can be made again is the sign that writing may go on.
  if (error.code === 'store_full') discard(calls, places.reserve)
  say({ type: 'failed', error })
}

async function handle (message: ToJournal) {
  if (failed) return
  if (message.type === 'append') {
    const times = owner.journal.append(message.last, Buffer.from(message.lines))
    say({ type: 'appended', times, journalBytes: owner.journal.unfoldedBytes() })
    foldIfDue()
  } else if (message.type === 'folded') {
    owner.journal.finishFold(message.result)
    folding = false
    foldedAt = performance.now()
    observer.event('info', 'folded', { tables: message.result.tables.length, bytes: owner.journal.tableBytes() })
  } else if (message.type === 'fold failed') {
    // Not at once, and not for ever in a row: what it stumbled over may still be there.
    setTimeout(retryFold, FOLD_RETRY_MS).unref()
  } else if (message.type === 'close') {
    clearInterval(beatTimer)
    await owner.close()
    say({ type: 'closed' })
    parentPort?.close()
  }
}

parentPort?.on('message', (message: ToJournal) => { handle(message).catch(fail) })

await start().catch(fail)
