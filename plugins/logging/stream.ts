import { close, write, writeSync } from 'node:fs'

const limits = {
  /** What may wait for a slow disk or pipe; lines beyond it are dropped and counted. */
  waitingCharactersMax: 8 * 1024 * 1024,
  /** How long lines gather before they are written: a busy server then writes in large pieces. */
  gatherMs: 10,
  againDelayMs: 50,
  exitTriesMax: 40,
  flushWaitMs: 2_000
}

export type LineStream = ReturnType<typeof openLineStream>

// Streams that still have lines when the process exits write them then.
const openStreams = new Set<{ writeRest (): void }>()
process.once('exit', () => { for (const stream of openStreams) stream.writeRest() })

const codeOf = (err: unknown): string => err instanceof Error && 'code' in err ? String(err.code) : 'error'

/** Says on standard error what the log itself can't say. */
export function complain (what: string, err: unknown): void {
  process.stderr.write(`El registro no puede escribirse en ${what}: ${codeOf(err)} (the log cannot be written there)\n`)
}

/** Lines to an open descriptor, gathered for a moment and written without waiting. A failure is said once;
 *  the lines are kept, and tried again when another one comes. (pino's own stream waits for ever, at exit,
 *  for a disk that is full.) */
export function openLineStream (fd: number, what: string) {
  let waiting = ''
  let chunk = Buffer.alloc(0)
  let inFlight = false
  let gathering = false
  let failing = false
  let ended = false
  let dropped = 0
  const onIdle: (() => void)[] = []

  function gather (): void {
    if (gathering || inFlight) return
    gathering = true
    // It need not keep the process alive: what is left at exit is written then.
    setTimeout(push, limits.gatherMs).unref()
  }

  function push (): void {
    gathering = false
    if (inFlight) return
    if (chunk.length === 0) [chunk, waiting] = [Buffer.from(waiting), '']
    if (chunk.length === 0) idle()
    else {
      inFlight = true
      write(fd, chunk, written)
    }
  }

  function written (err: Error | null, bytes: number): void {
    inFlight = false
    if (err === null) {
      chunk = chunk.subarray(bytes)
      succeeded()
      if (chunk.length > 0 || waiting === '' || ended || onIdle.length > 0) push()
      else gather()
    } else if (codeOf(err) === 'EAGAIN') setTimeout(push, limits.againDelayMs)
    else failed(err)
  }

  function succeeded (): void {
    failing = false
    if (dropped > 0) process.stderr.write(`Se perdieron ${dropped} líneas del registro en ${what} (log lines were lost)\n`)
    dropped = 0
  }

  function failed (err: Error): void {
    if (!failing) complain(what, err)
    failing = true
    // Nobody reads the other end any more, and nobody ever will.
    if (codeOf(err) === 'EPIPE') ended = true
    idle()
  }

  function idle (): void {
    for (const resolve of onIdle.splice(0)) resolve()
    if (!ended) return
    openStreams.delete(stream)
    // Standard output stays open for others.
    if (fd > 2) close(fd, () => {})
  }

  const stream = {
    write (line: string): void {
      if (ended) return
      if (waiting.length + line.length > limits.waitingCharactersMax) { dropped++; return }
      waiting += line
      gather()
    },

    /** Resolves when all that was written before is out, or can't be, or takes too long. */
    flush: () => new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limits.flushWaitMs)
      onIdle.push(() => { clearTimeout(timer); resolve() })
      push()
    }),

    /** Closes the descriptor after the last line. */
    end (): void {
      if (ended) return
      ended = true
      push()
    },

    /** At exit, when nothing can be awaited: what is in flight is finished by Node, the rest here. */
    writeRest (): void {
      let rest = Buffer.concat([inFlight ? Buffer.alloc(0) : chunk, Buffer.from(waiting)])
      for (let tries = 0; rest.length > 0 && tries < limits.exitTriesMax;) {
        try {
          rest = rest.subarray(writeSync(fd, rest))
        } catch (err) {
          if (codeOf(err) !== 'EAGAIN') return
          tries++
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, limits.againDelayMs)
        }
      }
    }
  }

  openStreams.add(stream)
  return stream
}
