import { StoreError } from '../errors.js'
import { encodeKey } from '../keys.js'
import { limits } from '../limits.js'
import type { BatchLine } from '../batch.js'
import type { StoredRow } from '../cell.js'
import type { Key } from '../store.js'
import type { FoldJob, FoldResult } from './journal.js'
import type { TableEntry } from './manifest.js'
import { parseLines } from './padding.js'
import { readEndedJournal, readTable, type ReplayContext } from './replay.js'
import { createFrames, type FrameWriter } from './sealed-file.js'
import { discard, draftOf, randomName, syncDirectory, writeAll } from './steps.js'

/** A row of a table as one line: `[key, version, value, subjects?, sealed?]`. */
export type TableLine = readonly [key: Key, version: number, ...row: StoredRow]

interface SortedRow { text: string, line: TableLine | null }

/** Merges tables and ended journals into new tables: the newest row of each key, deleted ones left out.
 *  Reads one table at a time; of the journals it holds the newest rows. Personal parts stay sealed. */
export function fold (context: ReplayContext, job: FoldJob, term: number): FoldResult {
  const head = job.journals.length === 0 ? job.tablesHead : positionOf(job)
  const writer = createTableWriter(context, job.generation, term, head)
  try {
    for (const row of merge(tableRows(context, job.tables), journalRows(context, job))) {
      if (row.line !== null) writer.add(row.line)
    }
    return { tables: writer.end(), head, journals: job.journals.map(({ name }) => name) }
  } catch (err) {
    writer.giveUp()
    throw err
  }
}

function positionOf ({ journals, tablesHead }: FoldJob) {
  const last = journals.at(-1)
  return last === undefined ? tablesHead : { sequence: last.last, chain: last.chain }
}

function * tableRows (context: ReplayContext, tables: readonly TableEntry[]): Generator<SortedRow> {
  let previous = ''
  for (const entry of tables) {
    for (const plain of readTable(context, entry)) {
      for (const line of parseLines(plain) as TableLine[]) {
        const text = encodeKey(line[0])
        if (text <= previous) throw new StoreError('store_damaged', { place: `tables/${entry.name}: keys out of order` })
        previous = text
        yield { text, line }
      }
    }
  }
}

function journalRows (context: ReplayContext, { journals, tablesHead }: FoldJob): SortedRow[] {
  const newest = new Map<string, TableLine | null>()
  let before = tablesHead
  for (const entry of journals) {
    for (const plain of readEndedJournal(context, entry, before).plains) {
      for (const [sequence, puts, deletes] of parseLines(plain) as BatchLine[]) {
        for (const [key, ...row] of puts) newest.set(encodeKey(key), [key, sequence, ...row])
        for (const key of deletes) newest.set(encodeKey(key), null)
      }
    }
    before = { sequence: entry.last, chain: entry.chain }
  }
  return [...newest].map(([text, line]) => ({ text, line })).sort((a, b) => a.text < b.text ? -1 : 1)
}

/** Two sorted runs as one; where both have a key the newer run's row counts. */
function * merge (older: Iterable<SortedRow>, newer: readonly SortedRow[]): Generator<SortedRow> {
  let next = 0
  for (const row of older) {
    for (let before = newer[next]; before !== undefined && before.text < row.text; before = newer[++next]) yield before
    if (newer[next]?.text !== row.text) yield row
  }
  yield * newer.slice(next)
}

function createTableWriter ({ files, places, keys }: ReplayContext, generation: number, term: number, head: { sequence: number, chain: string }) {
  const tables: TableEntry[] = []
  let block: string[] = []
  let blockCharacters = 0
  let file: { name: string, draft: string, fd: number, frames: FrameWriter, bytes: number } | null = null

  function openFile () {
    const name = randomName()
    const frames = createFrames(keys, { kind: 'table', term, generation, sequence: head.sequence, previous: Buffer.from(head.chain, 'hex') })
    const draft = draftOf(places.table(name))
    const fd = files.open(draft, 'create')
    writeAll(files, fd, frames.head, 0)
    return { name, draft, fd, frames, bytes: frames.head.length }
  }

  function writeBlock () {
    if (block.length === 0) return
    file ??= openFile()
    const bytes = file.frames.frame(head.sequence, Buffer.from(block.join('')))
    writeAll(files, file.fd, bytes, file.bytes)
    file.bytes += bytes.length
    block = []
    blockCharacters = 0
    if (file.bytes > limits.fileBytesMax) endFile()
  }

  function endFile () {
    if (file === null) return
    const { name, draft, fd, frames, bytes } = file
    files.fsync(fd)
    files.close(fd)
    files.rename(draft, places.table(name))
    tables.push({ name, bytes, frames: frames.frames(), chain: frames.chain().toString('hex') })
    file = null
  }

  return {
    add (line: TableLine) {
      const text = `${JSON.stringify(line)}\n`
      block.push(text)
      blockCharacters += text.length
      if (blockCharacters >= limits.blockBytes) writeBlock()
    },
    end (): TableEntry[] {
      writeBlock()
      endFile()
      syncDirectory(files, places.tables)
      return tables
    },
    /** On a full disk, what was begun is what fills it. */
    giveUp () {
      if (file !== null) discard(files, file.draft)
      for (const { name } of tables) discard(files, places.table(name))
    }
  }
}
