import type { Result } from './messages.js'

const SAMPLES_MAX = 1_000_000

export type Tally = ReturnType<typeof createTally>

/** Counts what one measurement saw. */
export function createTally () {
  const waits = new Float64Array(SAMPLES_MAX)
  let started = performance.now()
  let cpu = process.cpuUsage()
  let ended = started
  let sampled = 0
  let operations = 0
  let sent = 0
  let errors = 0
  let firstError: string | null = null

  return {
    /** From here on time counts. */
    begin (): void {
      ended = started = performance.now()
      cpu = process.cpuUsage()
    },
    right (count = 1): void {
      operations += count
      ended = performance.now()
    },
    sent (): void { sent++ },
    /** Of what each reader should have of everything that was sent. */
    missing: (readers: number): number => sent * readers - operations,
    waited (ms: number): void { if (sampled < SAMPLES_MAX) waits[sampled++] = ms },
    wrong (reason: string): void {
      errors++
      firstError ??= reason
    },

    result (): Result {
      const { user, system } = process.cpuUsage(cpu)
      const elapsedMs = performance.now() - started
      const sorted = waits.subarray(0, sampled).sort()
      const at = (share: number): number => sorted[Math.floor((sampled - 1) * share)] ?? 0
      return {
        operations,
        sent,
        errors,
        firstError,
        seconds: (ended - started) / 1000,
        generatorLoad: (user + system) / 1000 / elapsedMs,
        p50Ms: at(0.5),
        p99Ms: at(0.99)
      }
    }
  }
}
