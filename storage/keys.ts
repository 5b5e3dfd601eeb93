import { StoreError } from './errors.js'
import type { Key, Range } from './store.js'

const NUMBER = '\u0001'
const STRING = '\u0002'
const END = '\u0000'
const PAST_ALL = '\uffff'

/** A text that orders by code unit as the tuples do: numbers before strings and by value (their digits
 *  are counted in front), strings by code unit, a prefix before what continues it. */
export function encodeKey (key: Key): string {
  let text = ''
  for (const part of key) text += encodePart(part)
  return text
}

function encodePart (part: string | number): string {
  if (typeof part === 'number') {
    if (!Number.isSafeInteger(part) || part < 0) throw new StoreError('misuse', { place: `key part ${part}` })
    const digits = String(part)
    return NUMBER + String.fromCharCode(0x40 + digits.length) + digits + END
  }
  // A lone surrogate would not survive UTF-8; NUL ends a part; U+FFFF ends a range.
  if (!part.isWellFormed() || part.includes(END) || part.includes(PAST_ALL)) {
    throw new StoreError('misuse', { place: 'key part with NUL, U+FFFF or a lone surrogate' })
  }
  return STRING + part + END
}

/** First and last wanted position, as texts to compare encoded keys with: `low <= key < high`. */
export function encodeRange (range: Range): { low: string, high: string } {
  const prefix = encodeKey(range.prefix)
  const low = range.after !== undefined
    ? prefix + encodePart(range.after) + PAST_ALL
    : range.from !== undefined ? prefix + encodePart(range.from) : prefix
  const high = range.to !== undefined ? prefix + encodePart(range.to) : prefix + PAST_ALL
  return { low, high }
}
