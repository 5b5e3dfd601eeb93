import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import { limits } from '../limits.js'
import type { Anchor, AnchorWriter } from './anchor.js'
import type { Ownership } from './claim.js'
import type { Files } from './files.js'
import { newestTerm } from './keyring.js'
import { encodeManifest, ENDED_KEPT, manifestHash, type Head, type JournalEntry, type Manifest, type TableEntry } from './manifest.js'
import type { StoredState, Unlocked } from './opening.js'
import type { Places } from './places.js'
import { createFrames, type FrameWriter } from './sealed-file.js'
import { createDurably, discard, isTaken, randomName, syncDirectory, writeAll } from './steps.js'

export interface JournalContext {
  files: Files
  places: Places
  unlocked: Unlocked
  ownership: Ownership
  anchorWriter: AnchorWriter
  anchorId: string
  historyId: string
}

/** What one group cost, in milliseconds. */
export interface AppendTimes { encryptMs: number, writeMs: number, anchorMs: number }

/** What a fold has to merge: it only reads these, and they do not change. */
export interface FoldJob { generation: number, tables: readonly TableEntry[], tablesHead: Head, journals: readonly JournalEntry[] }

export interface FoldResult { tables: readonly TableEntry[], head: Head, journals: readonly string[] }

const replaced = (place: string) => new StoreError('store_held', { place, hint: hints.mustStop })

export type Journal = ReturnType<typeof startJournal>

/** The write path of the owner: one journal that this process made itself, the manifest that names it,
 *  and the anchor that vouches for its end. Begins by making what was unconfirmed durable. */
export function startJournal (context: JournalContext, state: StoredState) {
  const { files, places, unlocked, ownership, anchorWriter } = context
  const { keyring, superblock, keys } = unlocked
  let manifest = state.manifest
  let newestHash = state.manifestHash
  // Numbers only grow, also where an older manifest was accepted in the place of a newer one.
  let number = Math.max(state.manifest.number, unlocked.anchor?.manifest.number ?? 0)
  let head = state.manifest.head
  let live = { name: '', fd: -1, writer: createWriter(), bytes: 0, after: 0 }

  function createWriter (): FrameWriter {
    return createFrames(keys, {
      kind: 'journal',
      term: newestTerm(keyring),
      generation: ownership.generation,
      sequence: head.sequence,
      previous: Buffer.from(head.chain, 'hex')
    })
  }

  /** A new file with a fresh salt; nothing names it yet. */
  function createFile () {
    const name = randomName()
    const writer = createWriter()
    const fd = files.open(places.journal(name), 'create')
    writeAll(files, fd, writer.head, 0)
    files.fsync(fd)
    syncDirectory(files, places.journals)
    live = { name, fd, writer, bytes: writer.head.length, after: head.sequence }
  }

  function anchor () {
    const position: Omit<Anchor, 'count'> = {
      anchorId: context.anchorId,
      generation: ownership.generation,
      manifest: { number: manifest.number, hash: newestHash },
      keyring: { number: keyring.number, hash: keyring.hash },
      head
    }
    anchorWriter.write(position)
  }

  /** Puts the next manifest in force. Files that it no longer names may go once this returns. */
  function writeManifest (changes: Partial<Manifest>) {
    const next = { ...manifest, ...changes, number: ++number, previous: newestHash, generation: ownership.generation, head }
    const bytes = encodeManifest(next, keyring.controlKey, superblock.storeId)
    assertMine()
    create(next.number, bytes)
    assertMine()
    manifest = next
    newestHash = manifestHash(bytes)
    anchor()
    discard(files, places.manifest(next.number - limits.manifestsKept))
  }

  /** Never in the place of another one: an owner that slept must not undo what its successor wrote. */
  function create (number: number, bytes: Buffer) {
    try {
      createDurably(files, places.manifest(number), bytes)
    } catch (err) {
      throw isTaken(err) ? replaced(`another owner wrote manifest.${number}`) : err
    }
  }

  function assertMine () {
    if (!ownership.isMine()) throw replaced('another owner has taken over')
  }

  /** One frame behind the others; `head` counts only once it is synced. */
  function put (last: number, bytes: Buffer) {
    writeAll(files, live.fd, bytes, live.bytes)
    live.bytes += bytes.length
    head = { sequence: last, chain: live.writer.chain().toString('hex') }
  }

  function write (last: number, lines: Buffer): AppendTimes {
    const start = performance.now()
    const bytes = live.writer.frame(last, lines)
    const sealed = performance.now()
    put(last, bytes)
    files.fdatasync(live.fd)
    const written = performance.now()
    return { encryptMs: sealed - start, writeMs: written - sealed, anchorMs: 0 }
  }

  const endLive = (): JournalEntry => ({
    name: live.name,
    generation: ownership.generation,
    after: live.after,
    last: head.sequence,
    bytes: live.bytes,
    chain: head.chain
  })

  const liveEntry = (after: Head) => ({ name: live.name, generation: ownership.generation, after })

  /** Ends the live journal and begins another. */
  function rotate () {
    const ended = endLive()
    files.close(live.fd)
    createFile()
    writeManifest({ journals: [...manifest.journals, ended], live: liveEntry(head) })
  }

  function begin () {
    const { manifest: old, live: before, unconfirmed } = state
    const journals = [...old.journals]
    const ended = [...old.ended]
    if (before !== null && old.live !== null) {
      head = { sequence: before.last, chain: before.chain }
      if (before.last > old.live.after.sequence) {
        journals.push({ name: old.live.name, generation: old.live.generation, after: old.live.after.sequence, last: before.last, bytes: before.bytes, chain: before.chain })
      }
      ended.push({ generation: old.live.generation, last: [...before.lastTwo] })
    }
    createFile()
    const anchored = head
    for (const { sequence, plain } of unconfirmed) put(sequence, live.writer.frame(sequence, plain))
    if (unconfirmed.length > 0) files.fdatasync(live.fd)
    // The manifest says where this journal begins, so it is written with that head.
    const end = head
    head = anchored
    writeManifest({
      journals,
      live: liveEntry(head),
      ended: ended.slice(-ENDED_KEPT),
      historyId: context.historyId
    })
    head = end
    if (end !== anchored) anchor()
  }

  begin()

  return {
    /** One group: when this returns it is on share and anchor, and the share still is mine. The order of
     *  the steps is what makes an acknowledgement true.
     *  @throws whatever a file call throws; StoreError store_held where another owner has taken over */
    append (last: number, lines: Buffer): AppendTimes {
      if (live.writer.frames() >= limits.fileFramesMax || live.bytes + lines.length > limits.fileBytesMax) rotate()
      const times = write(last, lines)
      const start = performance.now()
      assertMine()
      anchor()
      return { ...times, anchorMs: performance.now() - start }
    },

    /** Bytes of journals that no table holds yet. */
    unfoldedBytes: () => manifest.journals.reduce((sum, { bytes }) => sum + bytes, live.bytes),
    tableBytes: () => manifest.tables.reduce((sum, { bytes }) => sum + bytes, 0),
    unfoldedCount: () => manifest.journals.length,
    isFolded: () => manifest.journals.length === 0 && live.writer.frames() === 0,

    /** Ends the live journal, so that all that is stored can be folded. */
    startFold (): FoldJob {
      rotate()
      return { generation: ownership.generation, tables: manifest.tables, tablesHead: manifest.tablesHead, journals: manifest.journals }
    },

    /** Puts what a fold made in the place of what it read. */
    finishFold ({ tables, head: tablesHead, journals: folded }: FoldResult) {
      const old = manifest
      writeManifest({ tables, tablesHead, journals: manifest.journals.filter(({ name }) => !folded.includes(name)) })
      for (const { name } of old.tables) discard(files, places.table(name))
      for (const name of folded) discard(files, places.journal(name))
    },

    manifest: (): Manifest => manifest,

    close () {
      files.close(live.fd)
      anchorWriter.close()
    }
  }
}
