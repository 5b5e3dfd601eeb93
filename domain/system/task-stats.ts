const limits = { tasksMax: 200 }

/** Upper bounds of the histogram, in seconds; what takes longer counts in the total alone. */
export const bucketBoundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

export interface TaskSummary {
  task: string
  count: number
  failures: number
  sumSeconds: number
  /** How many took at most the bound of the same index (cumulative, as Prometheus wants it). */
  buckets: number[]
}

/** How often each task ran, how often it failed and how long it took, since the process began. */
export function createTaskStats () {
  const tasks = new Map<string, TaskSummary>()

  function of (name: string): TaskSummary {
    const task = tasks.has(name) || tasks.size < limits.tasksMax ? name : 'other'
    const summary = tasks.get(task) ?? { task, count: 0, failures: 0, sumSeconds: 0, buckets: bucketBoundsSeconds.map(() => 0) }
    tasks.set(task, summary)
    return summary
  }

  return {
    record (task: string, ms: number, ok: boolean): void {
      const summary = tasks.get(task) ?? of(task)
      summary.count++
      if (!ok) summary.failures++
      summary.sumSeconds += ms / 1000
      const slot = bucketBoundsSeconds.findIndex((bound) => ms <= bound * 1000)
      if (slot !== -1) summary.buckets[slot] = (summary.buckets[slot] ?? 0) + 1
    },

    read (): TaskSummary[] {
      return [...tasks.values()].map((summary) => {
        let upTo = 0
        return { ...summary, buckets: summary.buckets.map((count) => (upTo += count)) }
      })
    }
  }
}

/** The statistics of this process: `timed`, the requests and the store write them. */
export const taskStats = createTaskStats()
