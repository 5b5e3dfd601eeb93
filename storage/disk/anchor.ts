import { dirname } from 'node:path'
import { openDocument, sealDocument } from './document.js'
import type { Files } from './files.js'
import type { Head } from './manifest.js'
import type { Places } from './places.js'
import { discard, readWhole, syncDirectory, writeAll, writeDurably } from './steps.js'

/** What this machine knows of the store, on a disk of its own: the newest position that was ever
 *  acknowledged. It is what tells a crash from a theft of history. */
export interface Anchor {
  /** Of this machine's anchor folder: an owner of mine is asked at a socket, never waited for. */
  anchorId: string
  count: number
  generation: number
  manifest: { number: number, hash: string }
  keyring: { number: number, hash: string }
  head: Head
}

export type AnchorVerdict = { state: 'none' | 'damaged' | 'foreign' } | { state: 'good', anchor: Anchor }

const SLOT_BYTES = 4096
/** JSON is padded to it, so that both slots always have one size. */
const JSON_BYTES = 1024

const placeOf = (storeId: Buffer) => ({ kind: 'anchor', name: 'anchor', storeId } as const)

export const anchorExists = (files: Files, places: Places): boolean => files.exists(places.slots)

/** The newer of the two slots that open; a torn one is a crash in the middle of writing it. */
export function readAnchor (files: Files, places: Places, controlKey: Buffer, storeId: Buffer): AnchorVerdict {
  const read = (path: string) => openSlots(readWhole(files, path, 2 * SLOT_BYTES), controlKey, storeId)
  const verdict = read(places.slots)
  if (verdict.state !== 'none') return verdict
  // Whoever made the store was stopped just before its last step; what another making left says nothing.
  const first = read(places.firstSlots)
  return first.state === 'good' ? first : verdict
}

function openSlots (bytes: Buffer | null, controlKey: Buffer, storeId: Buffer): AnchorVerdict {
  if (bytes === null) return { state: 'none' }
  const opened = [0, SLOT_BYTES].map((offset) => openDocument(controlKey, placeOf(storeId), bytes.subarray(offset, offset + SLOT_BYTES)))
  const good = opened
    .flatMap((each) => each.verdict === 'good' ? [each.value as Anchor] : [])
    .sort((a, b) => b.count - a.count)[0]
  if (good !== undefined) return { state: 'good', anchor: good }
  return { state: opened.some(({ verdict }) => verdict === 'sealed otherwise') ? 'foreign' : 'damaged' }
}

export interface AnchorWriter {
  /** When this returns, the position is on the disk. */
  write (anchor: Omit<Anchor, 'count'>): void
  close (): void
}

/** Writes the slots in turn, never the newest one. The file is made whole, with its first position. */
export function openAnchor (files: Files, places: Places, controlKey: Buffer, storeId: Buffer, newest: Anchor | null): AnchorWriter {
  let fd = anchorExists(files, places) ? files.open(places.slots, 'overwrite') : null
  let count = newest?.count ?? 0
  return {
    write (anchor) {
      const slot = sealDocument(controlKey, placeOf(storeId), { ...anchor, count: ++count }, JSON_BYTES)
      const offset = (count % 2) * SLOT_BYTES
      if (fd === null) {
        makeSlots(files, places, places.slots, slot, offset)
        discard(files, places.firstSlots)
        fd = files.open(places.slots, 'overwrite')
      } else {
        writeAll(files, fd, slot, offset)
        files.fdatasync(fd)
      }
    },
    close () {
      if (fd !== null) files.close(fd)
    }
  }
}

function makeSlots (files: Files, places: Places, path: string, slot: Buffer, offset: number): void {
  const bytes = Buffer.alloc(2 * SLOT_BYTES)
  slot.copy(bytes, offset)
  files.mkdir(places.anchor)
  writeDurably(files, path, bytes)
  syncDirectory(files, dirname(places.anchor))
}

/** The anchor of a store that is being made: whole before the store is; the function that is given back
 *  puts it in force, once the store has its name. */
export function prepareAnchor (files: Files, places: Places, controlKey: Buffer, storeId: Buffer, anchor: Omit<Anchor, 'count'>): () => void {
  const slot = sealDocument(controlKey, placeOf(storeId), { ...anchor, count: 1 }, JSON_BYTES)
  makeSlots(files, places, places.firstSlots, slot, SLOT_BYTES)
  return () => {
    files.rename(places.firstSlots, places.slots)
    syncDirectory(files, places.anchor)
  }
}
