import BTreeModule from 'sorted-btree'
import { encodeBatch, SUBJECT_KEYS, type CellChange, type EncodedBatch } from './batch.js'
import type { Cell } from './cell.js'
import { hmac } from './cipher.js'
import { StoreError } from './errors.js'
import { encodeKey, encodeRange } from './keys.js'
import { limits } from './limits.js'
import type {
  Batch, Change, Current, Entry, Json, Key, Range, Row, ScanOptions, Store, StoreObserver, StoreStats, Subject
} from './store.js'
import { createVault, type WrappedKey } from './vault.js'

// The package is CommonJS; under Node its class is the `default` of the default export.
const BTree = BTreeModule.default
type Table = BTreeModule.default<string, CellChange>

/** What the engine writes to: one group of batches at a time, in order. */
export interface Log {
  /** Resolves when the group is durable. Rejects with a StoreError where that is not known or not so. */
  append (group: Group): Promise<void>
  writable (): StoreStats['writable']
  journalBytes (): number
  close (): Promise<void>
}

export interface Group {
  readonly first: number
  readonly last: number
  /** One line for each batch. */
  readonly lines: string
}

/** The secrets of a store, as its keyring holds them. */
export interface StoreSecrets { storeId: Buffer, wrappers: readonly Buffer[], blindKey: Buffer }

interface Waiting { sequence: number, resolve: () => void, reject: (err: unknown) => void }

export type Engine = ReturnType<typeof createEngine>

/** The store itself, over any log: rows in key order, group commit, subscriptions. Rows become visible
 *  when their group is durable; until then only later builds see them. */
export function createEngine (log: Log, secrets: StoreSecrets, history: { id: string }, observer: StoreObserver) {
  const rows: Table = new BTree<string, CellChange>(undefined, compareText)
  /** Accepted, not durable yet: the newest cell of each such key. */
  const accepted = new Map<string, Cell>()
  const listeners = new Set<(batch: Batch) => void>()
  const vault = createVault(secrets.storeId, secrets.wrappers, findSubjectKey)

  let queue: EncodedBatch[] = []
  let inFlight: EncodedBatch[] = []
  let waiting: Waiting[] = []
  let queuedCharacters = 0
  let visibleSequence = 0
  let acceptedSequence = 0
  let scheduled = false
  let stalled = false
  let closing = false
  let groups = 0
  let batches = 0

  const visibleCell = (key: string): Cell | null => rows.get(key)?.cell ?? null

  function newestCell (key: string): Cell | null {
    const cell = accepted.get(key) ?? visibleCell(key)
    return cell === null || cell.deleted ? null : cell
  }

  function findSubjectKey (subject: Subject): WrappedKey | null {
    const cell = newestCell(encodeKey([SUBJECT_KEYS, subject]))
    return cell === null ? null : cell.entry(vault).value as WrappedKey & Json
  }

  /** Takes over what is durable: rows, then listeners, then whoever waits. */
  function show (sequence: number, changes: readonly CellChange[]) {
    for (const change of changes) {
      if (change.cell.deleted) rows.delete(change.cell.key)
      else rows.set(change.cell.key, change)
      if (accepted.get(change.cell.key) === change.cell) accepted.delete(change.cell.key)
    }
    visibleSequence = sequence
  }

  function tell (sequence: number, changes: readonly CellChange[]) {
    const batch = { sequence, changes: changes.map(toChange) }
    for (const listener of listeners) {
      try {
        listener(batch)
      } catch (err) {
        // The batch is durable whatever a listener makes of it; nobody's commit fails for it.
        observer.event('error', 'listener_failed', { sequence, err })
      }
    }
  }

  const toChange = ({ key, cell }: CellChange) => ({
    key,
    get entry (): Entry | null { return cell.deleted ? null : cell.entry(vault) }
  })

  function settle (upTo: number) {
    const done = waiting.filter(({ sequence }) => sequence <= upTo)
    waiting = waiting.filter(({ sequence }) => sequence > upTo)
    for (const { resolve } of done) resolve()
  }

  /** Everything that was built on a group that failed fails with it. */
  function failAll (err: unknown) {
    const failed = waiting
    queue = inFlight = waiting = []
    queuedCharacters = 0
    acceptedSequence = visibleSequence
    accepted.clear()
    // A key made for a batch that is gone must not seal anything any more.
    vault.forget()
    for (const { reject } of failed) reject(err)
  }

  function takeGroup (): EncodedBatch[] {
    let characters = 0
    let count = 0
    for (const { line } of queue) {
      characters += line.length
      if (count > 0 && characters > limits.groupCharactersMax) break
      count++
    }
    const group = queue.slice(0, count)
    queue = queue.slice(count)
    return group
  }

  /** While one group syncs the next gathers; no timer decides. */
  async function flush () {
    scheduled = false
    while (queue.length > 0 && inFlight.length === 0) {
      const group = inFlight = takeGroup()
      const deadline = setTimeout(onDeadline, limits.commitDeadlineMs)
      try {
        await log.append(toGroup(group))
      } catch (err) {
        if (inFlight === group) failAll(err)
        return
      } finally {
        clearTimeout(deadline)
        stalled = false
      }
      inFlight = []
      publish(group)
    }
  }

  function publish (group: readonly EncodedBatch[]) {
    groups++
    for (const { sequence, line, changes } of group) {
      batches++
      queuedCharacters -= line.length
      show(sequence, changes)
      tell(sequence, changes)
    }
    settle(visibleSequence)
  }

  /** A share that hangs: nobody waits for ever, nothing new is taken, and what is under way goes on. */
  function onDeadline () {
    stalled = true
    const late = waiting
    waiting = []
    for (const { reject } of late) reject(new StoreError('outcome_unknown', { place: 'deadline' }))
  }

  function assertWritable () {
    const state = log.writable()
    if (closing || state === 'closed') throw new StoreError('store_closed')
    if (state === 'full') throw new StoreError('store_full')
    if (state === 'reopening' || stalled) throw new StoreError('store_unavailable')
    if (queuedCharacters >= limits.queueCharactersMax) throw new StoreError('store_busy')
  }

  function accept (change: Change<unknown>, sequence: number): EncodedBatch {
    let batch: EncodedBatch
    try {
      batch = encodeBatch(sequence, change, vault)
    } catch (err) {
      vault.forget()
      throw err
    }
    for (const { cell } of batch.changes) accepted.set(cell.key, cell)
    acceptedSequence = sequence
    queue.push(batch)
    queuedCharacters += batch.line.length
    if (!scheduled && inFlight.length === 0) {
      scheduled = true
      // After this turn of the event loop, so that what came in together is written together.
      setImmediate(() => { flush().catch(failAll) })
    }
    return batch
  }

  async function durable (sequence: number) {
    if (sequence <= visibleSequence) return
    await new Promise<void>((resolve, reject) => { waiting.push({ sequence, resolve, reject }) })
  }

  /** The keys of one commit as the newest accepted state has them, and the newest sequence among them. */
  function loadCurrent (keys: readonly Key[]): Current & { newest: number } {
    const cells = new Map<string, Cell | null>()
    let newest = 0
    for (const key of keys) {
      const text = encodeKey(key)
      const cell = newestCell(text)
      newest = Math.max(newest, accepted.get(text)?.version ?? 0)
      cells.set(text, cell)
    }
    return {
      newest,
      get<V extends Json, P extends Json> (key: Key) {
        const cell = cells.get(encodeKey(key))
        if (cell === undefined) throw new StoreError('misuse', { place: `key not loaded: ${String(key[0])}` })
        return (cell?.entry(vault) ?? null) as Entry<V, P> | null
      }
    }
  }

  const store: Store = {
    get historyId () { return history.id },
    get sequence () { return visibleSequence },

    async get<V extends Json, P extends Json> (key: Key) {
      return (visibleCell(encodeKey(key))?.entry(vault) ?? null) as Entry<V, P> | null
    },

    async * scan<V extends Json, P extends Json> (range: Range, { limit = Infinity, reverse = false }: ScanOptions = {}) {
      const { low, high } = encodeRange(range)
      // A clone shares its nodes with the table and costs nothing until one of them changes.
      const snapshot = rows.clone()
      const pairs = reverse ? snapshot.entriesReversed(high) : snapshot.entries(low)
      let count = 0
      for (const [text, { key, cell }] of pairs) {
        if (count >= limit || (reverse ? text < low : text >= high)) return
        if (text >= high) continue
        count++
        yield { key, entry: cell.entry(vault) } as Row<V, P>
      }
    },

    async commit<R> (keys: readonly Key[], build: (current: Current, sequence: number) => Change<R>): Promise<R> {
      assertWritable()
      const sequence = acceptedSequence + 1
      const current = loadCurrent(keys)
      let change: Change<R>
      try {
        change = build(current, sequence)
      } catch (err) {
        // A refusal is an answer too: it is given once what it rests on is durable.
        await durable(current.newest)
        throw err
      }
      if (acceptedSequence + 1 !== sequence) throw new StoreError('misuse', { place: 'a commit within a build' })
      const writes = (change.puts?.length ?? 0) + (change.deletes?.length ?? 0) > 0
      await durable(writes ? accept(change, sequence).sequence : current.newest)
      return change.result
    },

    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },

    blind: (label, text) => hmac(secrets.blindKey, `${label}\n`, text).subarray(0, 16).toString('base64url'),

    stats: () => ({
      sequence: visibleSequence,
      keys: rows.size,
      queuedCharacters,
      groups,
      batches,
      journalBytes: log.journalBytes(),
      writable: stalled ? 'reopening' : log.writable()
    }),

    async close () {
      closing = true
      // A share that hangs is not waited for: what is under way was answered `outcome_unknown`, or is now.
      await Promise.race([durable(acceptedSequence).catch(() => {}), deadline()])
      await log.close()
    }
  }

  return {
    store,

    /** A row of the snapshot, or a batch of the journal, at the start: nobody listens yet. */
    load (sequence: number, changes: readonly CellChange[]) {
      show(Math.max(sequence, visibleSequence), changes)
      acceptedSequence = visibleSequence
    },

    /** A batch that turned out to be durable when the store was opened again after a failure. */
    recover (sequence: number, changes: readonly CellChange[]) {
      if (sequence <= visibleSequence) return
      show(sequence, changes)
      acceptedSequence = sequence
      tell(sequence, changes)
    }
  }
}

const deadline = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, limits.commitDeadlineMs).unref() })

const compareText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const toGroup = (batches: readonly EncodedBatch[]): Group => ({
  first: batches[0]?.sequence ?? 0,
  last: batches.at(-1)?.sequence ?? 0,
  lines: batches.map(({ line }) => line).join('')
})
