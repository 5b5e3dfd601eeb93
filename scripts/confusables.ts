import { readFile, writeFile } from 'node:fs/promises'

/** Writes domain/users/confusables.ts: Unicode's table of look-alike characters (UTS #39), taken out of
 *  the ICU data inside the running Node. Stored names hang on that table, so it is kept in the repository
 *  and changes only when somebody runs this: `node dist/scripts/confusables.js`. */
const target = 'domain/users/confusables.ts'

// ICU's own file header, then its `SpoofDataHeader`; every offset counts from the latter.
const header = { magic: 0x3845fdef, signature: Buffer.from('Cfu \x02', 'latin1'), signatureAt: 12 }
const offsets = { keys: 12, count: 16, values: 20, strings: 28 }
const lineLengthMax = 120

/** A key holds the character (24 bits) and the length of its prototype less one (8 bits). A prototype of
 *  one code unit is the value itself, a longer one lies in the string table at that index. */
function readTable (bytes: Buffer): Map<string, number[]> {
  const [keys = 0, count = 0, values = 0, strings = 0] = Object.values(offsets).map((at) => bytes.readInt32LE(at))
  const table = new Map<string, number[]>()
  for (let i = 0; i < count; i++) {
    const key = bytes.readUInt32LE(keys + 4 * i)
    const value = values + 2 * i
    const length = (key >>> 24) + 1
    const start = length === 1 ? value : strings + 2 * bytes.readUInt16LE(value)
    const prototype = bytes.subarray(start, start + 2 * length).toString('utf16le')
    table.set(prototype, [...table.get(prototype) ?? [], key & 0xffffff])
  }
  return table
}

async function readIcu (): Promise<Map<string, number[]>> {
  const node = await readFile(process.execPath)
  const start = node.indexOf(header.signature) - header.signatureAt
  const table = start < 0 ? Buffer.alloc(4) : node.subarray(start + node.readUInt16LE(start))
  if (table.readUInt32LE(0) !== header.magic) throw new Error('this Node carries no confusables.cfu of ICU format 2')
  return readTable(table)
}

const hex = (text: string): string => [...text].map((char) => char.codePointAt(0)?.toString(16)).join('+')
const deltas = (points: number[]): string => points.map((point, i) => (point - (points[i - 1] ?? 0)).toString(16)).join(',')

/** Breaks at blanks, and only there. */
function wrap (words: string[]): string {
  const lines: string[] = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < lineLengthMax) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

const table = await readIcu()
const rows = [...table].map(([prototype, points]) => `${hex(prototype)}:${deltas(points.sort((a, b) => a - b))}`)

await writeFile(target, `// Made by scripts/confusables.ts; not written by hand. The data are Unicode's confusables.txt of UTS #39,
// under the licence in UNICODE-LICENSE.

/** The version of Unicode whose look-alikes these are. Another table gives other skeletons: the keys of
 *  all stored names have to be made anew with it. */
export const unicodeVersion = '${process.versions.unicode}'

// prototype:character,character ...; hexadecimal, each character less the one before it.
const rows = \`
${wrap(rows.sort())}
\`

/** Each character that has one, and its prototype. */
export const confusables: ReadonlyMap<string, string> = new Map(rows.trim().split(/\\s+/).flatMap(expand))

function expand (row: string): [string, string][] {
  const [prototype = '', characters = ''] = row.split(':')
  const text = prototype.split('+').map(character).join('')
  let point = 0
  return characters.split(',').map((delta) => {
    point += parseInt(delta, 16)
    return [String.fromCodePoint(point), text]
  })
}

function character (hex: string): string {
  return String.fromCodePoint(parseInt(hex, 16))
}
`)
