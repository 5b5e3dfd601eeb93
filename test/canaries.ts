import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Values that occur nowhere by chance: put them in where a secret would be, then look for their traces. */
export function makeCanaries<const N extends string> (...names: N[]): Record<N, string>
export function makeCanaries (...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `canario-${name}-${randomBytes(9).toString('hex')}`]))
}

/** The value as it reads within a longer text in base64, where it may begin at any of three places. */
function base64Forms (value: string): string[] {
  return [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString('base64')
    return whole.slice(Math.ceil(shift * 8 / 6), -4)
  })
}

function forms (value: string): [string, Buffer][] {
  const bytes = Buffer.from(value)
  return [
    ['plain', bytes],
    ['url', Buffer.from(encodeURIComponent(value))],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['utf-16', Buffer.from(value, 'utf16le')],
    ...base64Forms(value).map((form): [string, Buffer] => ['base64', Buffer.from(form)])
  ]
}

/** Which of `values` are in `bytes`, and how they are written there: `password (hex)`. Nothing is well. */
export function findTraces (bytes: Buffer | string, values: Record<string, string>): string[] {
  const hay = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)
  // base64url differs from base64 in two characters.
  const plain = Buffer.from(hay.toString('latin1').replaceAll('-', '+').replaceAll('_', '/'), 'latin1')
  return Object.entries(values).flatMap(([name, value]) => forms(value)
    .filter(([form, needle]) => hay.includes(needle) || (form === 'base64' && plain.includes(needle)))
    .map(([form]) => `${name} (${form})`))
}

/** The same over every file below a directory. */
export function findTracesBelow (directory: string, values: Record<string, string>): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ parentPath, name }) => findTraces(readFileSync(join(parentPath, name)), values).map((trace) => `${name}: ${trace}`))
}
