import BTreeModule from 'sorted-btree'
import type { CellChange } from './batch.js'
import type { Cell } from './cell.js'
import { encodeRange } from './keys.js'
import type { Range, ScanOptions } from './store.js'

// The package is CommonJS; under Node its class is the `default` of the default export.
const BTree = BTreeModule.default
type Table = BTreeModule.default<string, CellChange>

export type Rows = ReturnType<typeof createRows>

/** The newest cell of each key, by encoded key: those that are durable, in order, and over them those that
 *  are accepted and wait for their sync, which only later builds may see. */
export function createRows () {
  const durable: Table = new BTree<string, CellChange>(undefined, compareText)
  const accepted = new Map<string, Cell>()

  const visible = (key: string): Cell | null => durable.get(key)?.cell ?? null

  return {
    /** As readers see it. */
    visible,

    /** As the next build sees it. */
    newest (key: string): Cell | null {
      const cell = accepted.get(key) ?? visible(key)
      return cell === null || cell.deleted ? null : cell
    },

    /** The sequence that a reader of `newest` must wait for; 0 where all of it is durable. */
    awaited: (key: string): number => accepted.get(key)?.version ?? 0,

    accept (changes: readonly CellChange[]) {
      for (const { cell } of changes) accepted.set(cell.key, cell)
    },

    show (changes: readonly CellChange[]) {
      for (const change of changes) {
        if (change.cell.deleted) durable.delete(change.cell.key)
        else durable.set(change.cell.key, change)
        if (accepted.get(change.cell.key) === change.cell) accepted.delete(change.cell.key)
      }
    },

    /** What was accepted did not become durable. */
    dropAccepted () { accepted.clear() },

    /** Visible cells in key order, as they are at the first step. */
    * scan (range: Range, { limit = Infinity, reverse = false }: ScanOptions): Generator<CellChange> {
      const { low, high } = encodeRange(range)
      // A clone shares its nodes with the table and costs nothing until one of them changes.
      const snapshot = durable.clone()
      let count = 0
      for (const [text, change] of reverse ? snapshot.entriesReversed(high) : snapshot.entries(low)) {
        if (count >= limit || (reverse ? text < low : text >= high)) return
        if (text >= high) continue
        count++
        yield change
      }
    },

    size: (): number => durable.size
  }
}

const compareText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
