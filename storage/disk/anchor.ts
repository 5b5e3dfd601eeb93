import { dirname } from 'node:path'
import { openDocument, sealDocument } from './document.js'
import type { Files } from './files.js'
import type { Head } from './manifest.js'
import type { Places } from './places.js'
import { isMissing, readWhole, syncDirectory, writeAll } from './steps.js'

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
  const bytes = readWhole(files, places.slots, 2 * SLOT_BYTES)
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

/** Writes the slots in turn, never the newest one. */
export function openAnchor (files: Files, places: Places, controlKey: Buffer, storeId: Buffer, newest: Anchor | null): AnchorWriter {
  const fd = openSlots(files, places)
  let count = newest?.count ?? 0
  return {
    write (anchor) {
      count++
      const bytes = sealDocument(controlKey, placeOf(storeId), { ...anchor, count }, JSON_BYTES)
      writeAll(files, fd, bytes, (count % 2) * SLOT_BYTES)
      files.fdatasync(fd)
    },
    close () { files.close(fd) }
  }
}

function openSlots (files: Files, places: Places): number {
  try {
    return files.open(places.slots, 'overwrite')
  } catch (err) {
    if (!isMissing(err)) throw err
  }
  files.mkdir(places.anchor)
  const fd = files.open(places.slots, 'create')
  writeAll(files, fd, Buffer.alloc(2 * SLOT_BYTES), 0)
  files.fsync(fd)
  syncDirectory(files, places.anchor)
  syncDirectory(files, dirname(places.anchor))
  return fd
}
