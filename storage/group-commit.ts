import type { EncodedBatch } from './batch.js'
import { StoreError } from './errors.js'
import { limits } from './limits.js'
import type { StoreStats } from './store.js'

/** What batches are written to: one group at a time, in order. */
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

export interface GroupCommitOptions {
  log: Log
  /** A batch is durable; called in commit order, before anybody who waits for it goes on. */
  onDurable (batch: EncodedBatch): void
  /** Nothing that was accepted and is not durable will be. */
  onFailed (): void
}

interface Waiting { sequence: number, resolve: () => void, reject: (err: unknown) => void }

/** Many commits, one sync: what is accepted while one group syncs is the next group; no timer decides.
 *  A group that fails takes with it everything that was built on it. */
export function createGroupCommit ({ log, onDurable, onFailed }: GroupCommitOptions) {
  let queue: EncodedBatch[] = []
  let inFlight: EncodedBatch[] = []
  let waiting: Waiting[] = []
  let queuedCharacters = 0
  let durableSequence = 0
  let scheduled = false
  let stalled = false
  let groups = 0
  let batches = 0

  function settle () {
    const done = waiting.filter(({ sequence }) => sequence <= durableSequence)
    waiting = waiting.filter(({ sequence }) => sequence > durableSequence)
    for (const { resolve } of done) resolve()
  }

  function failAll (err: unknown) {
    const failed = waiting
    // Three lists, not one list of three names.
    queue = []
    inFlight = []
    waiting = []
    queuedCharacters = 0
    onFailed()
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
    for (const batch of group) {
      batches++
      queuedCharacters -= batch.line.length
      durableSequence = batch.sequence
      onDurable(batch)
    }
    settle()
  }

  /** A share that hangs: nobody waits for ever, nothing new is taken, and what is under way goes on. */
  function onDeadline () {
    stalled = true
    const late = waiting
    waiting = []
    for (const { reject } of late) reject(new StoreError('outcome_unknown', { place: 'deadline' }))
  }

  return {
    /** @throws StoreError store_closed, store_full, store_unavailable, store_busy */
    assertWritable () {
      const state = log.writable()
      if (state === 'closed') throw new StoreError('store_closed')
      if (state === 'full') throw new StoreError('store_full')
      if (state === 'reopening' || stalled) throw new StoreError('store_unavailable')
      if (queuedCharacters >= limits.queueCharactersMax) throw new StoreError('store_busy')
    },

    push (batch: EncodedBatch) {
      queue.push(batch)
      queuedCharacters += batch.line.length
      if (scheduled || inFlight.length > 0) return
      scheduled = true
      // After this turn of the event loop, so that what came in together is written together.
      setImmediate(() => { flush().catch(failAll) })
    },

    /** Resolves when that sequence is durable. */
    async durable (sequence: number) {
      if (sequence <= durableSequence) return
      await new Promise<void>((resolve, reject) => { waiting.push({ sequence, resolve, reject }) })
    },

    /** All up to that sequence is on the disk, by another way than a commit of this process. */
    startFrom (sequence: number) { durableSequence = sequence },

    sequence: (): number => durableSequence,

    stats: () => ({ queuedCharacters, groups, batches, writable: stalled ? 'reopening' as const : log.writable() })
  }
}

const toGroup = (batches: readonly EncodedBatch[]): Group => ({
  first: batches[0]?.sequence ?? 0,
  last: batches.at(-1)?.sequence ?? 0,
  lines: batches.map(({ line }) => line).join('')
})
