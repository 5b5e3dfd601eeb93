import { mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { complain, type LineStream, openLineStream } from './stream.js'

/** Somewhere lines go. Writing neither waits nor throws. */
export interface Output {
  write (line: string): void
  /** Resolves when everything written before has left the process. */
  flush (): Promise<void>
  /** Begins the file anew by its name, after somebody has moved it away. */
  reopen (): void
}

/** Lines to standard output. */
export const openStdout = (): Output => ({ ...openLineStream(1, 'stdout'), reopen () {} })

/** Lines to `app.log` in a directory, which is made where it is missing. Where the file can't be had, that is
 *  said on standard error, and its lines go nowhere until `reopen` finds it. */
export function openLogFile (directory: string): Output {
  const path = join(directory, 'app.log')
  let stream = open()

  function open (): LineStream | null {
    try {
      mkdirSync(directory, { recursive: true })
      return openLineStream(openSync(path, 'a', 0o640), path)
    } catch (err) {
      complain(path, err)
      return null
    }
  }

  return {
    write: (line) => stream?.write(line),
    flush: async () => stream?.flush(),
    reopen () {
      const next = open()
      if (next === null) return
      stream?.end()
      stream = next
    }
  }
}
