import { randomUUID } from 'node:crypto'
import { randomBytes } from '../cipher.js'
import { StoreError } from '../errors.js'
import type { MasterKeySource } from '../master-key.js'
import type { StoreObserver } from '../store.js'
import { openAnchor } from './anchor.js'
import { findHolder, takeOver, type ClaimContext, type Ownership } from './claim.js'
import type { Files } from './files.js'
import { startJournal, type Journal } from './journal.js'
import { readState, unlockStore, type StoredState, type Trust, type Unlocked } from './opening.js'
import type { Places } from './places.js'
import { keepReserve, removeDrafts, tidy } from './tidy.js'

export interface OwnerOptions {
  files: Files
  places: Places
  key: MasterKeySource
  trust: Trust
  termMs: number
  observer: StoreObserver
}

export interface Owner {
  unlocked: Unlocked
  historyId: string
  state: StoredState
  journal: Journal
  ownership: Ownership
  close (): Promise<void>
}

/** Becomes the one writer: look at everything without a change, claim, look again where anybody may have
 *  written meanwhile, begin a journal.
 *  @throws StoreError with the verdict; nothing on the share has changed then */
export async function becomeOwner (options: OwnerOptions): Promise<Owner> {
  const { files, places, observer, trust } = options
  const unlocked = unlockStore(files, places, options.key)
  const anchorId = unlocked.anchor?.anchorId ?? randomBytes(16).toString('hex')
  const { controlKey } = unlocked.keyring
  const { storeId } = unlocked.superblock
  const context: ClaimContext = { files, places, controlKey, storeId, observer, anchorId, termMs: options.termMs }
  const holder = await findHolder(context)
  const seen = readState(files, places, unlocked, trust)
  const floor = Math.max(seen.manifest.generation, unlocked.anchor?.generation ?? 0)
  const ownership = await takeOver(context, holder, floor).catch(async (err: unknown) => {
    // Somebody was faster: say who.
    if (err instanceof StoreError && err.code === 'store_held') await findHolder(context)
    throw err
  })
  try {
    const state = holder.wait ? readState(files, places, unlocked, trust) : seen
    removeDrafts(files, places)
    // Where not even the reserve fits, nothing else is begun.
    keepReserve(files, places)
    const historyId = state.newHistory ? randomUUID() : state.manifest.historyId
    const anchorWriter = openAnchor(files, places, controlKey, storeId, unlocked.anchor)
    const journal = startJournal({ files, places, unlocked, ownership, anchorWriter, anchorId, historyId }, state)
    for (const { code, details } of state.warnings) observer.event('warn', code, details)
    tidy({ files, places, keys: unlocked.keys, observer }, journal.manifest(), state.newHistory)
    return { unlocked, historyId, state, journal, ownership, close: () => closeOwner(journal, ownership) }
  } catch (err) {
    // What happened counts, not what it made impossible.
    await ownership.release().catch(() => {})
    throw err
  }
}

async function closeOwner (journal: Journal, ownership: Ownership): Promise<void> {
  try {
    journal.close()
  } finally {
    await ownership.release()
  }
}
