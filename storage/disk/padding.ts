const STEP_BYTES = 64
const SPACE = 0x20

/** The size that a frame of `bytes` is padded to: steps of 64 bytes, and of an eighth of the next lower
 *  power of two where that is more, so that at most about 12 % is added and few sizes are ever seen. */
export function paddedSize (bytes: number): number {
  const step = Math.max(STEP_BYTES, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3))
  return Math.ceil(bytes / step) * step
}

/** JSON Lines with spaces behind the last line. */
export function pad (lines: Buffer): Buffer {
  return Buffer.concat([lines, Buffer.alloc(paddedSize(lines.length) - lines.length, SPACE)])
}

/** The parsed lines of a padded frame. */
export function parseLines (plain: Buffer): unknown[] {
  return plain.toString().split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)
}

/** The sequence of the last batch in a frame of batches, or 0 in an empty one. */
export function parseSequence (plain: Buffer): number {
  const lines = parseLines(plain) as [number][]
  return lines.at(-1)?.[0] ?? 0
}
