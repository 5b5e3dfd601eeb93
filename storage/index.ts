/** What the rest of the house may use of the store. */
export { openDiskStore, type DiskStoreOptions } from './disk/disk-store.js'
export { createStore, isStoreKnown, requireMasterKey, type KeyOption, type Made } from './disk/setup.js'
export { StoreError, type StoreFailureCode } from './errors.js'
export { hints } from './hints.js'
export { createMemoryStore } from './memory.js'
export type * from './store.js'
