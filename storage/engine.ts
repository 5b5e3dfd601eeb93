import { encodeBatch, SUBJECT_KEYS, type CellChange, type EncodedBatch } from './batch.js'
import type { Cell } from './cell.js'
import { hmac } from './cipher.js'
import { atMost } from './deadline.js'
import { StoreError } from './errors.js'
import { createGroupCommit, type Log } from './group-commit.js'
import { encodeKey } from './keys.js'
import { limits } from './limits.js'
import { createRows } from './rows.js'
import type { Batch, Change, Current, Entry, Json, Key, Store, StoreObserver, Subject } from './store.js'
import { createVault, type Vault, type WrappedKey } from './vault.js'

/** The secrets of a store, as its keyring holds them. */
export interface StoreSecrets { storeId: Buffer, wrappers: readonly Buffer[], blindKey: Buffer }

export type Engine = ReturnType<typeof createEngine>

/** The store itself, over any log: rows in key order, group commit, subscriptions. Rows become visible
 *  when their group is durable; until then only later builds see them. */
export function createEngine (log: Log, secrets: StoreSecrets, history: { id: string }, observer: StoreObserver) {
  const rows = createRows()
  const sealing = createVault(secrets.storeId, secrets.wrappers, findSubjectKey)
  const vault: Vault = { ...sealing, open: (...sealed) => step('decrypt', () => sealing.open(...sealed)) }
  const listeners = new Set<(batch: Batch) => void>()
  const groupCommit = createGroupCommit({ log, onDurable, onFailed })
  let acceptedSequence = 0
  let closing: Promise<void> | null = null

  function findSubjectKey (subject: Subject): WrappedKey | null {
    const cell = rows.newest(encodeKey([SUBJECT_KEYS, subject]))
    return cell === null ? null : cell.entry(vault).value as WrappedKey & Json
  }

  function step<T> (task: string, work: () => T): T {
    const start = performance.now()
    let ok = false
    try {
      const result = work()
      ok = true
      return result
    } finally {
      observer.time(task, performance.now() - start, ok)
    }
  }

  function onDurable ({ sequence, changes }: Pick<EncodedBatch, 'sequence' | 'changes'>) {
    step('index', () => { rows.show(changes) })
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

  function onFailed () {
    acceptedSequence = groupCommit.sequence()
    rows.dropAccepted()
    // A key made for a batch that is gone must not seal anything any more.
    vault.forget()
  }

  function accept (change: Change<unknown>, sequence: number) {
    let batch: EncodedBatch
    try {
      batch = encodeBatch(sequence, change, vault)
    } catch (err) {
      vault.forget()
      throw err
    }
    rows.accept(batch.changes)
    acceptedSequence = sequence
    groupCommit.push(batch)
  }

  /** The keys of one commit as the newest accepted state has them, and what a reader of them waits for. */
  function loadCurrent (keys: readonly Key[]): Current & { awaited: number } {
    const cells = new Map<string, Cell | null>()
    let awaited = 0
    for (const key of keys) {
      const text = encodeKey(key)
      cells.set(text, rows.newest(text))
      awaited = Math.max(awaited, rows.awaited(text))
    }
    return {
      awaited,
      get (key: Key) {
        const cell = cells.get(encodeKey(key))
        if (cell === undefined) throw new StoreError('misuse', { place: `key not loaded: ${String(key[0])}` })
        return cell?.entry(vault) ?? null
      }
    }
  }

  /** Runs `build` and accepts what it wants. Says what the answer, or the refusal, must wait for. */
  function decide<R> (keys: readonly Key[], build: (current: Current, sequence: number) => Change<R>): { awaited: number, answer: () => R } {
    const sequence = acceptedSequence + 1
    const current = loadCurrent(keys)
    let change: Change<R>
    try {
      change = build(current, sequence)
    } catch (err) {
      // A refusal is an answer too: it is given once what it rests on is durable.
      return { awaited: current.awaited, answer () { throw err } }
    }
    if (acceptedSequence + 1 !== sequence) throw new StoreError('misuse', { place: 'a commit within a build' })
    const { puts = [], deletes = [], result } = change
    if (puts.length + deletes.length === 0) return { awaited: current.awaited, answer: () => result }
    accept(change, sequence)
    return { awaited: sequence, answer: () => result }
  }

  /** Waits for what an answer rests on. It is measured where the caller waits, so that the time is the caller's. */
  async function settled (sequence: number) {
    if (sequence <= groupCommit.sequence()) return
    const start = performance.now()
    let ok = false
    try {
      await groupCommit.durable(sequence)
      ok = true
    } finally {
      observer.time('commit', performance.now() - start, ok)
    }
  }

  /** A share that hangs is not waited for: what is under way was answered `outcome_unknown`, or is now. */
  async function end () {
    await atMost(limits.commitDeadlineMs, groupCommit.durable(acceptedSequence).catch(() => {}))
    await log.close()
  }

  const store: Store = {
    get historyId () { return history.id },
    get sequence () { return groupCommit.sequence() },

    get: async (key) => rows.visible(encodeKey(key))?.entry(vault) ?? null,

    async * scan (range, options = {}) {
      for (const { key, cell } of rows.scan(range, options)) yield { key, entry: cell.entry(vault) }
    },

    async commit<R> (keys: readonly Key[], build: (current: Current, sequence: number) => Change<R>): Promise<R> {
      if (closing !== null) throw new StoreError('store_closed')
      groupCommit.assertWritable()
      const { awaited, answer } = decide(keys, build)
      await settled(awaited)
      return answer()
    },

    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },

    blind: (label, text) => hmac(secrets.blindKey, `${label}\n`, text).subarray(0, 16).toString('base64url'),

    stats: () => ({ sequence: groupCommit.sequence(), keys: rows.size(), journalBytes: log.journalBytes(), ...groupCommit.stats() }),

    async close () {
      closing ??= end()
      await closing
    }
  }

  return {
    store,

    /** A row of a table, or a batch of the journal, at the start: nobody listens yet. */
    load (sequence: number, changes: readonly CellChange[]) {
      rows.show(changes)
      acceptedSequence = Math.max(sequence, acceptedSequence)
      groupCommit.startFrom(acceptedSequence)
    },

    /** A batch that turned out to be durable when the store was opened again after a failure. */
    recover (sequence: number, changes: readonly CellChange[]) {
      if (sequence <= groupCommit.sequence()) return
      acceptedSequence = sequence
      groupCommit.startFrom(sequence)
      onDurable({ sequence, changes })
    }
  }
}
