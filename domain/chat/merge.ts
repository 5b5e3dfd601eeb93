export interface Sequenced { sequence: number }

interface Source<T> { first: T, rest: AsyncIterator<T> }

/** Merges sources that are each in order of `sequence` into one that is. It holds one item of each; of
 *  equal ones the earlier source comes first. */
export async function * mergeBySequence<T extends Sequenced> (sources: readonly AsyncIterable<T>[]): AsyncIterableIterator<T> {
  const heap: (Source<T> & { place: number })[] = []
  for (const [place, source] of sources.entries()) {
    const rest = source[Symbol.asyncIterator]()
    const { done, value } = await rest.next()
    if (!done) push(heap, { first: value, rest, place })
  }
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.first
    const { done, value } = await top.rest.next()
    const last = done ? heap.pop() : { ...top, first: value }
    if (last !== undefined && heap.length > 0) sink(heap, last)
  }
}

type Node = { first: Sequenced, place: number }

const isBefore = (a: Node, b: Node): boolean =>
  a.first.sequence < b.first.sequence || (a.first.sequence === b.first.sequence && a.place < b.place)

function push<N extends Node> (heap: N[], node: N): void {
  let at = heap.length
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent]
    if (above === undefined || isBefore(above, node)) break
    heap[at] = above
    at = parent
  }
  heap[at] = node
}

/** Puts `node` in the place of the top. */
function sink<N extends Node> (heap: N[], node: N): void {
  let at = 0
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
    const goesRight = left !== undefined && right !== undefined && isBefore(right, left)
    const below = goesRight ? right : left
    if (below === undefined || isBefore(node, below)) break
    heap[at] = below
    at = 2 * at + (goesRight ? 2 : 1)
  }
  heap[at] = node
}
