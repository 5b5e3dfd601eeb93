import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const limits = { stopMs: 5_000 }

/** The server and whoever asks it each have a core of their own, so that neither measures the other. */
export const cores = { server: 0, generator: 1 }

/** Whether processes can be kept to their cores: `taskset` is there, and so are two cores. */
export const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

export interface Running {
  child: ChildProcess
  /** Nanoseconds of processor time that it has used so far, all its threads together; null where the system does not tell. */
  cpuNs (): number | null
  stop (): Promise<void>
}

const running = new Set<Running>()

export interface RunOptions {
  core: number
  cwd: string
  stdio: StdioOptions
  variables?: Record<string, string>
  /** Options of Node itself. */
  nodeOptions?: readonly string[]
}

/** Starts a script of ours in a process of its own, on its core. */
export function run (script: string, { core, cwd, stdio, variables = {}, nodeOptions = [] }: RunOptions): Running {
  const pin = isPinned ? ['taskset', '-c', String(core)] : []
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const [command = '', ...rest] = [...pin, 'env', ...given, process.execPath, ...nodeOptions, script]
  const child = spawn(command, rest, { cwd, stdio })
  const exited = once(child, 'exit')
  const self: Running = {
    child,
    cpuNs: createCpuClock(child.pid),
    async stop () {
      running.delete(self)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), limits.stopMs)
      await exited
      clearTimeout(timer)
    }
  }
  running.add(self)
  return self
}

/** Ends every process that was started here. */
export const stopAll = async (): Promise<void> => { await Promise.all([...running].map(({ stop }) => stop())) }

// When this process dies in any other way than at its end, nobody is left to ask the others to stop.
process.once('exit', () => { for (const { child } of running) child.kill('SIGKILL') })

const TICK_NS = 10_000_000

/** Reads the processor time of a process (proc(5)): of each thread exactly, and of all together, those that
 *  have ended included, in ticks. What is true is at least the larger of the two. */
function createCpuClock (pid: number | undefined): () => number | null {
  const threads = new Map<string, number>()
  return () => {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        threads.set(thread, Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
      }
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
      const exact = [...threads.values()].reduce((sum, ns) => sum + ns, 0)
      return Math.max(exact, (Number(fields[11]) + Number(fields[12])) * TICK_NS)
    } catch { return null }
  }
}
