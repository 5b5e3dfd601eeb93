/** Where the live side takes its time from; tests bring one that they move by hand. */
export interface Clock {
  now: () => number
  /** Runs something once, later. Returns the way to call it off. */
  after: (ms: number, run: () => void) => () => void
}

// A timer's longest delay; more would fire at once.
const delayMsMax = 2 ** 31 - 1

/** The time of the machine. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after (ms, run) {
    const timer = setTimeout(run, Math.min(ms, delayMsMax)).unref()
    return () => clearTimeout(timer)
  }
}
