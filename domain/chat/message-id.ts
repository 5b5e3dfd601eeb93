import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RANDOM_CHARACTERS = 10
const POOL_BYTES = 400 * RANDOM_CHARACTERS

// Asking the system for ten bytes costs as much as asking for thousands. No byte is used twice.
const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/** The part of a message's id that can't be guessed: 50 random bits in Crockford's base 32. */
export function randomPart (): string {
  if (used === POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  let text = ''
  for (const byte of pool.subarray(used, used += RANDOM_CHARACTERS)) text += ALPHABET.charAt(byte & 31)
  return text
}

export const messageId = (seq: number, random: string): string => `${seq}-${random}`

/** The place in the log that an id names; null where it is no id. Whether the id is the right one is
 *  seen there. */
export function seqOf (id: string): number | null {
  const seq = Number(/^([1-9]\d{0,15})-/.exec(id)?.[1])
  return Number.isSafeInteger(seq) ? seq : null
}
