import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Needle { name: string, bytes: Buffer }

/** A text as it reads within a longer one in base64, where it may begin at any of three places; the
 *  characters at both ends that neighbours have a part in are left off. */
function base64Forms (bytes: Buffer, alphabet: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(alphabet).replaceAll('=', '')
    const cut = (bytes.length + shift) % 3 === 0 ? 0 : 1
    return text.slice(Math.ceil(shift * 8 / 6), text.length - cut)
  })
}

/** Everything that a text may look like in a file; of a UUID its sixteen bytes, too. */
function formsOf (text: string): [form: string, bytes: Buffer][] {
  const bytes = Buffer.from(text)
  const utf16 = Buffer.from(text, 'utf16le')
  const forms: [string, Buffer][] = [
    ['plain', bytes],
    ['json', Buffer.from(JSON.stringify(text).slice(1, -1))],
    ['url', Buffer.from(encodeURIComponent(text))],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['utf-16le', utf16],
    ['utf-16be', Buffer.from(utf16).swap16()],
    ...base64Forms(bytes, 'base64').map((form): [string, Buffer] => ['base64', Buffer.from(form)]),
    ...base64Forms(bytes, 'base64url').map((form): [string, Buffer] => ['base64url', Buffer.from(form)])
  ]
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text)) {
    const digits = text.replaceAll('-', '')
    forms.push(['uuid', Buffer.from(digits, 'hex')], ['uuid hex', Buffer.from(digits)])
  }
  return forms
}

/** Looks for many texts at once, each in all its forms: one walk over the bytes, however many they are. */
export function createSearch (secrets: Record<string, string>) {
  const byStart = new Map<number, Needle[]>()
  for (const [name, text] of Object.entries(secrets)) {
    for (const [form, bytes] of formsOf(text)) {
      if (bytes.length < 6) throw new Error(`${name} is too short to be looked for`)
      const start = bytes.readUInt32LE(0)
      byStart.set(start, [...byStart.get(start) ?? [], { name: `${name} (${form})`, bytes }])
    }
  }
  // A quarter of a megabyte that says which beginnings are worth a look.
  const maybe = new Uint8Array(2 ** 18)
  for (const start of byStart.keys()) maybe[Math.imul(start, 0x9e3779b1) >>> 14] = 1

  /** Which of the texts are in the bytes, and in which form. */
  function inBytes (bytes: Buffer): string[] {
    const found = new Set<string>()
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const start = (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0
      if (maybe[Math.imul(start, 0x9e3779b1) >>> 14] === 0) continue
      for (const needle of byStart.get(start) ?? []) {
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle.name)
      }
    }
    return [...found]
  }

  return {
    inBytes,
    /** The same in every file below a directory, and in the names of all that is there. */
    below: (directory: string): string[] => readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      const found = entry.isFile() ? inBytes(readFileSync(path)) : []
      return [...found, ...inBytes(Buffer.from(entry.name))].map((trace) => `${entry.name}: ${trace}`)
    })
  }
}
