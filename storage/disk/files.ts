import {
  closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync,
  readSync, renameSync, unlinkSync, writeSync
} from 'node:fs'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

const FLAGS = {
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  // Without O_NONBLOCK a pipe planted in the place of a file would be waited at for ever.
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  'read linked': O_RDONLY,
  overwrite: O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  directory: O_RDONLY | O_DIRECTORY
}

/** Every call that the store makes of the file system, so that a test can fail the Nth one, forget what
 *  was not synced, or record them all. Synchronous, since they run in threads of their own: a share that
 *  hangs then holds nobody else up, which libuv's pool would. Offsets are always said (never O_APPEND). */
export interface Files {
  /** `create` fails where the name exists; only `read linked` follows a link. */
  open (path: string, how: keyof typeof FLAGS): number
  write (fd: number, bytes: Buffer, start: number, length: number, position: number): number
  read (fd: number, bytes: Buffer, start: number, length: number, position: number): number
  stat (fd: number): { size: number, regular: boolean, links: number }
  fsync (fd: number): void
  fdatasync (fd: number): void
  close (fd: number): void
  rename (from: string, to: string): void
  link (from: string, to: string): void
  unlink (path: string): void
  /** Whether anything bears that name, without following a link. */
  exists (path: string): boolean
  /** Whether it is a folder itself, no link to one. */
  isFolder (path: string): boolean
  mkdir (path: string): void
  list (path: string): string[]
}

/** The calls of this machine. */
export const files: Files = {
  open: (path, how) => openSync(path, FLAGS[how], 0o600),
  write: (fd, bytes, start, length, position) => writeSync(fd, bytes, start, length, position),
  read: (fd, bytes, start, length, position) => readSync(fd, bytes, start, length, position),
  stat (fd) {
    const stats = fstatSync(fd)
    return { size: stats.size, regular: stats.isFile(), links: stats.nlink }
  },
  fsync: fsyncSync,
  fdatasync: fdatasyncSync,
  close: closeSync,
  rename: renameSync,
  link: linkSync,
  unlink: unlinkSync,
  exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  isFolder: (path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  mkdir (path) { mkdirSync(path, { recursive: true, mode: 0o700 }) },
  list: (path) => readdirSync(path).sort()
}
