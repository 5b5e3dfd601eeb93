import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromGenerator, Job, Result } from './messages.js'
import { cores, run, type Running } from './processes.js'

const limits = { extraMs: 60_000 }

/** What one job saw, and what its server needed for it. */
export interface Measured extends Result {
  /** Nanoseconds of processor time for each operation; null where the system does not tell. */
  serverNs: number | null
  /** Of one core. */
  serverLoad: number | null
}

export type Generator = Awaited<ReturnType<typeof startGenerator>>

/** The generator, in a process and on a core of its own. */
export async function startGenerator (cwd: string) {
  const script = fileURLToPath(new URL('./generator-process.js', import.meta.url))
  const { child } = run(script, { core: cores.generator, cwd, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')

  return {
    /** Runs one job against a server. */
    measure: (server: Running, job: Job): Promise<Measured> => new Promise((resolve, reject) => {
      let before: number | null = null
      const timer = setTimeout(() => stop(reject, new Error('the generator does not answer')), job.durationMs + limits.extraMs)

      function stop<T> (settle: (value: T) => void, value: T): void {
        clearTimeout(timer)
        child.off('message', hear).off('exit', gone)
        settle(value)
      }
      function gone (): void { stop(reject, new Error('the generator ended')) }
      function hear (message: FromGenerator): void {
        if (message.type === 'started') before = server.cpuNs()
        if (message.type === 'done') stop(resolve, withCpu(message.result, before, server.cpuNs()))
      }
      child.on('message', hear).once('exit', gone)
      child.send(job)
    })
  }
}

function withCpu (result: Result, before: number | null, after: number | null): Measured {
  if (before === null || after === null) return { ...result, serverNs: null, serverLoad: null }
  const ns = after - before
  return { ...result, serverNs: ns / Math.max(1, result.operations), serverLoad: ns / 1e9 / Math.max(result.seconds, 0.001) }
}
