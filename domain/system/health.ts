import type { StoreStats } from '../../storage/index.js'

export type Status = 'ok' | 'degraded' | 'failing'

/** How well the store does its work, by what it answers to writes just now. */
export function storeStatus (writable: StoreStats['writable']): Status {
  if (writable === 'yes') return 'ok'
  return writable === 'closed' ? 'failing' : 'degraded'
}
