import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import { limits } from '../limits.js'
import type { Files } from './files.js'
import type { Head, JournalEntry, TableEntry } from './manifest.js'
import type { Places } from './places.js'
import { openFrames, type FileKeys, type Frame } from './sealed-file.js'
import { readWhole } from './steps.js'

export interface ReplayContext { files: Files, places: Places, keys: FileKeys }

const FILE_BYTES_MAX = limits.fileBytesMax + limits.frameBytesMax

const damaged = (place: string) => new StoreError('store_damaged', {
  place, hint: hints.keepAndRestore
})

/** Every frame of a table, checked against what the manifest says of it.
 *  @throws StoreError store_damaged */
export function readTable (context: ReplayContext, entry: TableEntry): Buffer[] {
  const name = `tables/${entry.name}`
  const { bytes, file } = openNamed(context, context.places.table(entry.name), name, 'table')
  const plains: Buffer[] = []
  let offset = file.start
  let chain = file.chain
  for (let number = 0; number < entry.frames; number++) {
    const frame = file.frameAt(offset, number, chain)
    if (frame === null) throw damaged(`${name} at offset ${offset}`)
    plains.push(frame.plain)
    chain = frame.chain
    offset = frame.end
  }
  if (offset !== entry.bytes || chain.toString('hex') !== entry.chain) throw damaged(`${name}: not the file that the manifest names`)
  if (bytes.length > offset) throw damaged(`${name}: ${bytes.length - offset} foreign bytes behind its end`)
  return plains
}

export interface EndedJournal { plains: Buffer[], foreignBytes: number }

/** An ended journal, up to where the manifest says that it ends.
 *  @throws StoreError store_damaged */
export function readEndedJournal (context: ReplayContext, entry: JournalEntry, before: Head): EndedJournal {
  const name = `journal/${entry.name}`
  const { bytes, frames, startChain, stoppedAt: end } = readFrames(context, name, entry.name, before, entry.last)
  const last = frames.at(-1)?.sequence ?? before.sequence
  if (last !== entry.last || end !== entry.bytes) throw damaged(`${name} at offset ${end}, after sequence ${last}`)
  if ((frames.at(-1)?.chain.toString('hex') ?? startChain) !== entry.chain) throw damaged(`${name}: not the file that the manifest names`)
  return { plains: frames.map(({ plain }) => plain), foreignBytes: bytes.length - end }
}

export interface JournalFrames {
  bytes: Buffer
  frames: Frame[]
  /** Offset of the first frame, and the chain hash that the journal continues. */
  start: number
  startChain: string
  /** The first offset at which no valid frame is. */
  stoppedAt: number
}

/** The valid frames of a journal, from its start to the first one that isn't, or to sequence `upTo`.
 *  @throws StoreError store_damaged where it is missing or does not continue `before` */
export function readFrames (context: ReplayContext, name: string, file: string, before: Head, upTo = Infinity): JournalFrames {
  const { bytes, file: opened } = openNamed(context, context.places.journal(file), name, 'journal')
  if (opened.head.sequence !== before.sequence || opened.head.previous.toString('hex') !== before.chain) {
    throw damaged(`${name}: does not continue sequence ${before.sequence}`)
  }
  const frames: Frame[] = []
  let offset = opened.start
  let chain = opened.chain
  let sequence = before.sequence
  while (sequence < upTo) {
    const frame = opened.frameAt(offset, frames.length, chain)
    if (frame === null || frame.sequence <= sequence) break
    frames.push(frame)
    offset = frame.end
    chain = frame.chain
    sequence = frame.sequence
  }
  return { bytes, frames, start: opened.start, startChain: before.chain, stoppedAt: offset }
}

function openNamed ({ files, keys }: ReplayContext, path: string, name: string, kind: 'journal' | 'table') {
  const bytes = readWhole(files, path, FILE_BYTES_MAX)
  if (bytes === null) throw damaged(`${name} is missing`)
  const file = openFrames(keys, bytes)
  if (file === null || file.head.kind !== kind) throw damaged(`${name}: its head is not one of this store`)
  return { bytes, file }
}
