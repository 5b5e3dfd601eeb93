import type { Clock } from '../../../domain/realtime/clock.js'

interface Alarm { at: number, run: () => void }

/** A clock that stands still until it is told to go on. */
export function createFakeClock (start = Date.UTC(2025, 10, 10)) {
  let now = start
  const alarms = new Set<Alarm>()

  const next = (until: number) => [...alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]

  return {
    now: () => now,

    after (ms: number, run: () => void) {
      const alarm = { at: now + ms, run }
      alarms.add(alarm)
      return () => { alarms.delete(alarm) }
    },

    /** Time passes; what is due happens in order, each at its own time. */
    advance (ms: number) {
      const until = now + ms
      for (let alarm = next(until); alarm !== undefined; alarm = next(until)) {
        now = alarm.at
        alarms.delete(alarm)
        alarm.run()
      }
      now = until
    },

    /** How many alarms are set. */
    pending: () => alarms.size
  } satisfies Clock & Record<string, unknown>
}
