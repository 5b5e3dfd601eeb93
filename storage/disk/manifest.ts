import { sha256 } from '../cipher.js'
import { openDocument, sealDocument } from './document.js'

/** A position in the history: a sequence, and the chain hash of the frame that ends with it. */
export interface Head { sequence: number, chain: string }

export interface TableEntry { name: string, bytes: number, frames: number, chain: string }

export interface JournalEntry {
  name: string
  generation: number
  /** The sequence before its first batch, and the last one. */
  after: number
  last: number
  /** Where it validly ends; what lies behind belongs to nobody. */
  bytes: number
  chain: string
}

/** The list of live files. Its number only grows; each one names the hash of the one before. */
export interface Manifest {
  number: number
  previous: string
  historyId: string
  generation: number
  keyring: { number: number, hash: string }
  /** What was durable and anchored when this was written: whoever looks must find it. */
  head: Head
  /** Sorted, without overlap, all rows up to `tablesHead`. */
  tables: readonly TableEntry[]
  tablesHead: Head
  /** Ended journals that no table holds yet, oldest first. */
  journals: readonly JournalEntry[]
  /** The one that is written to, and where it begins. Null until a store has its first owner. */
  live: { name: string, generation: number, after: Head } | null
  /** The last two positions of ended generations, so that an anchor that slept can tell its own past. */
  ended: readonly { generation: number, last: readonly Head[] }[]
}

export const ENDED_KEPT = 64

export const manifestHash = (bytes: Buffer): string => sha256(bytes).toString('hex')

const placeOf = (number: number, storeId: Buffer) => ({ kind: 'manifest', name: `manifest.${number}`, storeId } as const)

export function encodeManifest (manifest: Manifest, controlKey: Buffer, storeId: Buffer): Buffer {
  return sealDocument(controlKey, placeOf(manifest.number, storeId), manifest)
}

/** Null where the bytes are not that manifest of that store. */
export function decodeManifest (bytes: Buffer, number: number, controlKey: Buffer, storeId: Buffer): Manifest | null {
  const opened = openDocument(controlKey, placeOf(number, storeId), bytes)
  return opened.verdict === 'good' ? opened.value as Manifest : null
}
