import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const entry = fileURLToPath(new URL('../../server.js', import.meta.url))
const nexuEntry = fileURLToPath(new URL('../../cli/nexu.js', import.meta.url))
const limits = { startMs: 30_000, endMs: 30_000 }

/** Where a server lives: the directory it is started in, and its environment, all of it. */
export interface Home { directory: string, env: Record<string, string> }

export interface Ended { code: number | null, signal: NodeJS.Signals | null, out: string, err: string, ms: number }

export type ServerProcess = Awaited<ReturnType<typeof start>>

/** A directory of its own, and a port that was free just now: a server that comes back is found where it was. */
export async function makeHome (t: Test, env: Record<string, string> = {}): Promise<Home> {
  return { directory: t.testdir(), env: { PORT: String(await freePort()), ...env } }
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

// Nothing of the test's own environment goes along, so that what is measured is what an operator has.
function launch ({ directory, env }: Home, args: string[], t?: Test) {
  const child = spawn(process.execPath, args, { cwd: directory, env })
  const begun = performance.now()
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text })
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, out, err, ms: performance.now() - begun }))
  t?.teardown(() => { child.kill('SIGKILL') })
  return { child, begun, ended, output: () => ({ out, err }) }
}

/** Resolves when the process has ended by itself: for starts that are refused, and for commands. */
async function untilEnd ({ child, ended }: ReturnType<typeof launch>): Promise<Ended> {
  const timer = setTimeout(() => { child.kill('SIGKILL') }, limits.endMs)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
  }
}

/** A start that is going to be refused. */
export const refusedStart = (home: Home): Promise<Ended> => untilEnd(launch(home, [entry]))

/** The `nexu` command. */
export const nexu = (home: Home, ...args: string[]): Promise<Ended> => untilEnd(launch(home, [nexuEntry, ...args]))

/** A process of the server that is not waited for: it may be killed before it serves. */
export const startWithoutWaiting = (t: Test, home: Home) => launch(home, [entry], t)

/** A server that serves.
 *  @throws where it ends instead, or takes too long */
export async function start (t: Test, home: Home) {
  const { child, begun, ended, output } = launch(home, [entry], t)
  const timer = setTimeout(() => { child.kill('SIGKILL') }, limits.startMs)
  const address = await Promise.race([
    listening(child.stdout, () => output().out),
    ended.then(({ code, signal, err }) => { throw new Error(`the server ended (${code ?? signal}): ${err}`) })
  ])
  await fetch(`${address}/health/ready`).then((response) => response.text())
  const readyMs = performance.now() - begun
  clearTimeout(timer)

  return {
    address,
    port: Number(new URL(address).port),
    pid: child.pid ?? 0,
    /** From the start of the process to its first answer. */
    readyMs,
    output,
    ended,
    /** Sends a signal and waits for the end. */
    end (signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
      child.kill(signal)
      return ended
    }
  }
}

async function listening (stdout: NodeJS.ReadableStream, output: () => string): Promise<string> {
  for (;;) {
    const [, address] = /Escuchando en (http:\/\/[\d.:]+)/.exec(output()) ?? []
    if (address !== undefined) return address
    await once(stdout, 'data')
  }
}
