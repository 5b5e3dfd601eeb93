import fc from 'fast-check'
import t from 'tap'
import { encodeKey, encodeRange } from '../../storage/keys.js'
import type { Key } from '../../storage/store.js'

const text = fc.string({ unit: 'binary', maxLength: 6 }).filter((part) => part.isWellFormed() && !/[\0\uffff]/.test(part))
const number = fc.oneof(fc.nat(20), fc.maxSafeNat())
const key = fc.tuple(text, fc.array(fc.oneof(text, number), { maxLength: 4 })).map(([first, rest]): Key => [first, ...rest])

/** The order as the port promises it, written down a second time. */
function compareKeys (a: Key, b: Key): number {
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (part === other) continue
    if (typeof part !== typeof other) return typeof part === 'number' ? -1 : 1
    return part < other ? -1 : 1
  }
  return a.length < b.length ? -1 : 0
}

const sign = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0

t.test('encoded keys order as their tuples do', async () => {
  fc.assert(fc.property(key, key, (a, b) => sign(encodeKey(a), encodeKey(b)) === compareKeys(a, b)), { numRuns: 5000 })
  fc.assert(fc.property(key, fc.array(fc.oneof(text, number), { minLength: 1, maxLength: 2 }), (a, rest) =>
    sign(encodeKey(a), encodeKey([...a, ...rest])) === -1), { numRuns: 1000 })
})

t.test('a range holds what its words say', async () => {
  const part = fc.oneof(text, number)
  fc.assert(fc.property(key, part, part, part, (prefix, from, to, x) => {
    const { low, high } = encodeRange({ prefix, from, to })
    const inside = encodeKey([...prefix, x])
    const wanted = compareKeys(['', x], ['', from]) >= 0 && compareKeys(['', x], ['', to]) < 0
    return (inside >= low && inside < high) === wanted
  }), { numRuns: 3000 })
  fc.assert(fc.property(key, part, part, (prefix, after, x) => {
    const { low, high } = encodeRange({ prefix, after })
    const inside = encodeKey([...prefix, x, 'more'])
    return (inside >= low && inside < high) === (compareKeys(['', x], ['', after]) > 0)
  }), { numRuns: 3000 })
  fc.assert(fc.property(key, key, (prefix, other) => {
    const { low, high } = encodeRange({ prefix })
    const text = encodeKey(other)
    const begins = prefix.every((part, index) => part === other[index])
    return (text >= low && text < high) === begins
  }), { numRuns: 3000 })
})

t.test('parts that would not keep their place are refused', async (t) => {
  for (const bad of ['\0', 'a\0b', '\uffff', '\ud800', '\udc00x', -1, 0.5, 2 ** 53, Infinity, NaN]) {
    t.throws(() => encodeKey(['k', bad]), { code: 'misuse' }, String(bad))
  }
})
