import { join } from 'node:path'
import { randomBytes } from '../cipher.js'
import { limits } from '../limits.js'
import type { StoreObserver } from '../store.js'
import type { Files } from './files.js'
import type { Manifest } from './manifest.js'
import { numbersOf, type Places } from './places.js'
import { HEAD_BYTES, openFrames, type FileKeys } from './sealed-file.js'
import { discard, draftOf, isDraft, syncDirectory, writeAll } from './steps.js'

export interface TidyContext { files: Files, places: Places, keys: FileKeys, observer: StoreObserver }

const TOP_LEVEL = /^(NEXU|lease|reserve|journal|tables|claims|(keyring|manifest)\.[1-9]\d*)$/

/** After a new manifest is in force: what a crash or an earlier owner left goes, what nobody of this
 *  store made is told and left alone. `keepAll`: an older head was accepted, so all else is evidence. */
export function tidy (context: TidyContext, manifest: Manifest, keepAll: boolean): void {
  const { files, places, observer } = context
  const named = new Set([...manifest.tables, ...manifest.journals, ...(manifest.live === null ? [] : [manifest.live])].map(({ name }) => name))

  function sweep (folder: string, isNamed: (name: string) => boolean, isOurs: (path: string) => boolean) {
    for (const name of files.list(folder)) {
      if (isNamed(name) || name.startsWith('.nfs')) continue
      const path = join(folder, name)
      if (!keepAll && isOurs(path)) discard(files, path)
      else observer.event('warn', 'foreign_file', { place: path.slice(places.root.length + 1) })
    }
  }

  const isSealedHere = (path: string) => hasHeadOfThisStore(context, path)
  sweep(places.journals, (name) => named.has(name), isSealedHere)
  sweep(places.tables, (name) => named.has(name), isSealedHere)
  sweep(places.claims, (name) => /^\d+$/.test(name), () => false)
  sweep(places.root, (name) => TOP_LEVEL.test(name), () => false)
  if (keepAll) return
  for (const number of numbersOf(files.list(places.root), 'manifest.').slice(0, -limits.manifestsKept)) {
    discard(files, places.manifest(number))
  }
}

/** What a crash or a full disk left half written, before anything else asks for room. */
export function removeDrafts (files: Files, places: Places): void {
  for (const folder of [places.root, places.journals, places.tables, places.claims]) {
    for (const name of files.list(folder)) {
      if (isDraft(name)) discard(files, join(folder, name))
    }
  }
}

/** Made by an owner of this store, and named by no manifest: left by a crash, or by a fold that ended. */
function hasHeadOfThisStore ({ files, keys }: TidyContext, path: string): boolean {
  const bytes = Buffer.alloc(HEAD_BYTES)
  try {
    const fd = files.open(path, 'read')
    try {
      if (!files.stat(fd).regular || files.read(fd, bytes, 0, HEAD_BYTES, 0) < HEAD_BYTES) return false
    } finally {
      files.close(fd)
    }
  } catch { return false }
  return openFrames(keys, bytes) !== null
}

/** A few MiB that say nothing, to be given up when the disk is full. */
export function keepReserve (files: Files, places: Places): void {
  if (files.exists(places.reserve)) return
  const draft = draftOf(places.reserve)
  const fd = files.open(draft, 'create')
  try {
    writeAll(files, fd, randomBytes(limits.reserveBytes), 0)
    files.fsync(fd)
  } catch (err) {
    discard(files, draft)
    throw err
  } finally {
    files.close(fd)
  }
  files.rename(draft, places.reserve)
  syncDirectory(files, places.root)
}
