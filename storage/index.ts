/** What the rest of the house may use of the store. */
export { createStoreFiles } from './disk/create.js'
export { openDiskStore, type DiskStoreOptions } from './disk/disk-store.js'
export { StoreError, type StoreFailureCode } from './errors.js'
export { parseKey, type MasterKeySource } from './master-key.js'
export { createMemoryStore } from './memory.js'
export type * from './store.js'
