import { randomInt } from 'node:crypto'

/** Numbers that look random and come again for the same seed (mulberry32). */
export function createRandom (seed: number = randomInt(2 ** 31)) {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    seed,
    /** From 0 up to but not including 1. */
    next,
    /** A whole number from `from` up to but not including `to`. */
    whole: (from: number, to: number): number => from + Math.floor(next() * (to - from))
  }
}

export type Random = ReturnType<typeof createRandom>
