import { AppError } from '../errors.js'

export interface QueueOptions { atOnce: number, waiting: number, retryAfterMs: number }

/** Runs `work` when one of a few places is free, first come first served. What finds the waiting room
 *  full is refused at once (`login_busy`), so that a flood costs neither memory nor anybody's patience. */
export function createQueue ({ atOnce, waiting, retryAfterMs }: QueueOptions) {
  const waits: (() => void)[] = []
  let running = 0

  async function enter (): Promise<void> {
    if (running < atOnce) {
      running++
      return
    }
    if (waits.length >= waiting) throw new AppError('login_busy', { retryAfterMs })
    // Whoever leaves hands its place over: `running` stays as it is.
    await new Promise<void>((resolve) => { waits.push(resolve) })
  }

  function leave (): void {
    const next = waits.shift()
    if (next === undefined) running--
    else next()
  }

  return async function run<T> (work: () => Promise<T>): Promise<T> {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
