import type { Clock } from './clock.js'

/** So many at once, and then so many a second. */
export interface Rate { burst: number, perSecond: number }

/** A token bucket. Nothing runs in the background: what has been refilled is reckoned when asked. */
export function createBucket ({ burst, perSecond }: Rate, clock: Pick<Clock, 'now'>) {
  let tokens = burst
  let at = clock.now()

  return {
    /** Takes a token. 0 where there was one, otherwise the wait in milliseconds until there is. */
    take (): number {
      const now = clock.now()
      tokens = Math.min(burst, tokens + Math.max(0, now - at) * perSecond / 1000)
      at = now
      if (tokens < 1) return Math.ceil((1 - tokens) * 1000 / perSecond)
      tokens -= 1
      return 0
    }
  }
}
