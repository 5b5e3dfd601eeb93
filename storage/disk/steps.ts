import { dirname } from 'node:path'
import { randomBytes } from '../cipher.js'
import { StoreError } from '../errors.js'
import type { Files } from './files.js'

/** A failed file call as the store's own error; its errno stays with it as the cause. */
export function ioFailed (err: unknown, place: string): StoreError {
  return isOutOfSpace(err) ? new StoreError('store_full', { place, cause: err }) : new StoreError('io_failed', { place, cause: err })
}

// Some kernels' numbers have no name in Node (ESTALE is -116 without one), so numbers are compared.
const ENOENT = 2
const EEXIST = 17
const ELOOP = 40
const ENOSPC = 28
const EDQUOT = 122

const errnoOf = (err: unknown): number => err instanceof Error && 'errno' in err ? Math.abs(Number(err.errno)) : 0

export const isMissing = (err: unknown): boolean => errnoOf(err) === ENOENT
export const isTaken = (err: unknown): boolean => errnoOf(err) === EEXIST
const isOutOfSpace = (err: unknown): boolean => [ENOSPC, EDQUOT].includes(errnoOf(err))

/** Writes all of it: on a nearly full disk a write comes back short, and only the next one fails. */
export function writeAll (files: Files, fd: number, bytes: Buffer, position: number): void {
  let done = 0
  while (done < bytes.length) {
    const written = files.write(fd, bytes, done, bytes.length - done, position + done)
    if (written <= 0) throw new Error('a write wrote nothing')
    done += written
  }
}

/** The whole of a regular file, or null where there is none.
 *  @throws StoreError store_damaged where it is no regular file or larger than `bytesMax` */
export function readWhole (files: Files, path: string, bytesMax: number, links: 'refuse' | 'follow' = 'refuse'): Buffer | null {
  let fd: number
  try {
    fd = files.open(path, links === 'refuse' ? 'read' : 'read linked')
  } catch (err) {
    if (isMissing(err)) return null
    if (errnoOf(err) === ELOOP) throw new StoreError('store_damaged', { place: `${path}: a link, not a file` })
    throw ioFailed(err, path)
  }
  try {
    const { size, regular } = files.stat(fd)
    if (!regular || size > bytesMax) throw new StoreError('store_damaged', { place: `${path}: not a file of at most ${bytesMax} bytes` })
    const bytes = Buffer.allocUnsafe(size)
    let done = 0
    while (done < size) {
      const read = files.read(fd, bytes, done, size - done, done)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  } finally {
    files.close(fd)
  }
}

/** Whether nothing is there, or a folder with nothing in it. */
export const isVacant = (files: Files, path: string): boolean =>
  !files.exists(path) || (files.isFolder(path) && files.list(path).length === 0)

export function syncDirectory (files: Files, path: string): void {
  const fd = files.open(path, 'directory')
  try {
    files.fsync(fd)
  } finally {
    files.close(fd)
  }
}

/** A new file that either isn't there or is there whole, and survives a crash once this returns. Readers
 *  of a name that existed see the old bytes or the new ones. The order of the steps is the whole point. */
export function writeDurably (files: Files, path: string, bytes: Buffer): void {
  const draft = draftOf(path)
  const fd = files.open(draft, 'create')
  try {
    writeAll(files, fd, bytes, 0)
    files.fsync(fd)
  } finally {
    files.close(fd)
  }
  files.rename(draft, path)
  // The new name is only as durable as the folder that holds it.
  syncDirectory(files, dirname(path))
}

/** A new file under a name that nobody has, whole from the start, which survives a crash once this
 *  returns. link(2) has exactly one winner on NFS too; its answer may get lost there, so the draft's link
 *  count has the last word.
 *  @throws whatever a file call throws; `isTaken` where somebody was faster */
export function createDurably (files: Files, path: string, bytes: Buffer): void {
  const draft = draftOf(path)
  const fd = files.open(draft, 'create')
  try {
    writeAll(files, fd, bytes, 0)
    files.fsync(fd)
    try {
      files.link(draft, path)
    } catch (err) {
      if (files.stat(fd).links < 2) throw err
    }
  } finally {
    files.close(fd)
    discard(files, draft)
  }
  syncDirectory(files, dirname(path))
}

/** Names of files on their way; whatever a crash leaves of them is removed at the next start. */
export const draftOf = (path: string): string => `${path}.${randomName()}.tmp`
export const isDraft = (name: string): boolean => name.endsWith('.tmp')

export const randomName = (): string => randomBytes(16).toString('hex')

/** Removes a file that nobody needs; that it is gone already, or can't go now, harms nobody. */
export function discard (files: Files, path: string): void {
  try {
    files.unlink(path)
  } catch { /* The next start tries again. */ }
}
