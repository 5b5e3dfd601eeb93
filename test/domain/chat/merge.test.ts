import fc from 'fast-check'
import t from 'tap'
import { mergeBySequence } from '../../../domain/chat/merge.js'
import { collect } from './setup.js'

async function * source (place: number, sequences: readonly number[]) {
  for (const sequence of sequences) yield { sequence, place }
}

t.test('gives everything, in order, and of equal ones the earlier source first', async (t) => {
  const sorted = fc.array(fc.nat({ max: 50 }), { maxLength: 20 }).map((numbers) => numbers.sort((a, b) => a - b))
  await fc.assert(fc.asyncProperty(fc.array(sorted, { maxLength: 12 }), async (lists) => {
    const merged = await collect(mergeBySequence(lists.map((list, place) => source(place, list))))
    const expected = lists.flatMap((list, place) => list.map((sequence) => ({ sequence, place })))
      .sort((a, b) => a.sequence - b.sequence || a.place - b.place)
    t.strictSame(merged, expected)
  }))
})

t.test('takes one item of each source ahead, no more', async (t) => {
  let taken = 0
  async function * counting () {
    for (let sequence = 0; ; sequence++) {
      taken++
      yield { sequence }
    }
  }
  const merged = mergeBySequence([counting(), counting()])
  for (let i = 0; i < 10; i++) await merged.next()
  t.ok(taken <= 12)
  await merged.return?.()
})
