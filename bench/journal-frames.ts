import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { HEAD_BYTES, PREFIX_BYTES } from '../storage/disk/sealed-file.js'

const LOOK_EVERY_MS = 200

interface File { fd: number, offset: number, frames: number }

/** Counts the groups that a store has synced: each is one frame of a journal, whose length stands before it
 *  in the open. Files stay open here, so that the ones that were folded away count on. */
export function watchJournals (folder: string) {
  const files = new Map<string, File>()

  function count (file: File): number {
    const { size } = fstatSync(file.fd)
    const length = Buffer.alloc(4)
    while (file.offset + PREFIX_BYTES <= size) {
      readSync(file.fd, length, 0, length.length, file.offset)
      const end = file.offset + PREFIX_BYTES + length.readUInt32BE()
      if (end > size) break
      file.offset = end
      file.frames++
    }
    return file.frames
  }

  function look (): void {
    for (const name of readdirSync(folder)) {
      if (!files.has(name)) files.set(name, { fd: openSync(join(folder, name), 'r'), offset: HEAD_BYTES, frames: 0 })
    }
  }

  const timer = setInterval(look, LOOK_EVERY_MS)

  return {
    groups (): number {
      look()
      return [...files.values()].reduce((sum, file) => sum + count(file), 0)
    },
    close (): void {
      clearInterval(timer)
      for (const { fd } of files.values()) closeSync(fd)
    }
  }
}
