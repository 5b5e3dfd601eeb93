/** What the rest of the house may use of the store. */
export { StoreError, type StoreFailureCode } from './errors.js'
export { createMemoryStore } from './memory.js'
export type * from './store.js'
