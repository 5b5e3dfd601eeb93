import { randomUUID } from 'node:crypto'
import { KEY_BYTES, randomBytes } from './cipher.js'
import { createEngine } from './engine.js'
import type { Store, StoreObserver } from './store.js'
import { WRAPPERS } from './vault.js'

/** A store that forgets everything at its end: for tests, and for trying things out. The engine is the
 *  one of the disk store; only its log is none. */
export async function createMemoryStore (observer: StoreObserver = silent): Promise<Store> {
  let open = true
  const log = {
    append: async () => {},
    writable: () => open ? 'yes' as const : 'closed' as const,
    journalBytes: () => 0,
    close: async () => { open = false }
  }
  const secrets = {
    storeId: randomBytes(16),
    wrappers: Array.from({ length: WRAPPERS }, () => randomBytes(KEY_BYTES)),
    blindKey: randomBytes(KEY_BYTES)
  }
  return createEngine(log, secrets, { id: randomUUID() }, observer).store
}

const silent: StoreObserver = { time () {}, event () {} }
