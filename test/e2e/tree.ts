import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Home } from './server-process.js'

/** Every file, folder and socket below the data and the local disk of a home, with when it was changed and
 *  what is in it. Two of these are the same where nothing was touched. */
export function imageOf ({ directory }: Home): Record<string, string> {
  const image: Record<string, string> = {}
  for (const top of ['db', 'local']) {
    const root = join(directory, top)
    if (!existsSync(root)) continue
    for (const path of [root, ...readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))]) {
      const stat = lstatSync(path)
      const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      image[relative(directory, path)] = `${stat.mode} ${stat.mtimeMs} ${stat.isFile() ? stat.size : ''} ${content}`
    }
  }
  return image
}

/** Paths of all files of the store, below the home. */
export const storeFiles = ({ directory }: Home): string[] =>
  readdirSync(join(directory, 'db'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort()
