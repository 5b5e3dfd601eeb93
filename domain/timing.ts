import { AsyncLocalStorage } from 'node:async_hooks'
import { StoreError } from '../storage/index.js'
import { AppError } from './errors.js'
import { taskStats } from './system/task-stats.js'

export type TaskLevel = 'info' | 'debug'

/** As much of a logger as the timers need; pino's and Fastify's are one. */
export interface TaskLog {
  isLevelEnabled? (level: string): boolean
  debug (text: string): void
  info (text: string): void
  warn (text: string): void
  error (fields: object, text: string): void
}

const limits = { stepNamesMax: 16 }

/** The inner steps of one request, summed by name, in the order in which they first ended. */
export type Timings = Map<string, number>
const current = new AsyncLocalStorage<Timings>()

/** Runs `work` so that every step timed within it, however deep, is added to `timings` as well. Following
 *  a request through its awaits has a price, so callers do it only where inner steps are asked for. */
export function collectSteps<T> (timings: Timings, work: () => T): T {
  return current.run(timings, work)
}

/** Counts one run of an inner step: for the statistics, and for the request that it is part of. */
export function recordStep (task: string, ms: number, ok: boolean): void {
  taskStats.record(task, ms, ok)
  const timings = current.getStore()
  if (timings === undefined) return
  const before = timings.get(task)
  if (before !== undefined || timings.size < limits.stepNamesMax) timings.set(task, (before ?? 0) + ms)
}

/** The value of a `Server-Timing` header: the task, then its steps, in milliseconds. */
export function serverTiming (task: string, ms: number, steps?: Timings | null): string {
  let value = `${task};dur=${ms.toFixed(1)}`
  if (steps != null) for (const [step, stepMs] of steps) value += `, ${step};dur=${stepMs.toFixed(1)}`
  return value
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

/** The line of a task that ended well. */
export const endedLine = (task: string, ms: number): string => `Tarea '${task}' ejecutada en ${seconds(ms)}s`

/** The line of a task that did not. */
export const failedLine = (task: string, ms: number, code: string): string => `Tarea '${task}' falló tras ${seconds(ms)}s: ${code}`

/** The code of a failure, for a log. Other people's codes pass only in capitals, as Node and Fastify
 *  write theirs: whatever else an error carries may be somebody's text. */
export function failureCode (err: unknown): string {
  if (err instanceof AppError || err instanceof StoreError) return err.code
  const code = err instanceof Error && 'code' in err ? err.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z\d_]{1,63}$/.test(code) ? code : 'internal'
}

/** Runs `work`, measures it whether it succeeds or fails, and logs the result: at INFO what a use case or a
 *  job does, at DEBUG its inner steps. A failure is logged here and thrown on. */
export async function timed<T> (log: TaskLog, task: string, work: () => T | Promise<T>, level: TaskLevel = 'info'): Promise<T> {
  const start = performance.now()
  try {
    const result = await work()
    ended(log, task, performance.now() - start, level)
    return result
  } catch (err) {
    failed(log, task, performance.now() - start, level, err)
    throw err
  }
}

function ended (log: TaskLog, task: string, ms: number, level: TaskLevel): void {
  recordStep(task, ms, true)
  if (log.isLevelEnabled?.(level) !== false) log[level](endedLine(task, ms))
}

function failed (log: TaskLog, task: string, ms: number, level: TaskLevel, err: unknown): void {
  recordStep(task, ms, false)
  const line = failedLine(task, ms, failureCode(err))
  // The task around an inner step reports its failure; only the outermost one is worth a person's eye.
  if (level === 'debug') log.debug(line)
  else if (err instanceof AppError && err.statusCode < 500) log.warn(line)
  else log.error({ err }, line)
}
