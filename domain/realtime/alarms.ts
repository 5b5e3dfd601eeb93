import type { Clock } from './clock.js'

/** The timers of one socket, by name: setting one again replaces it, and all of them end together. */
export function createAlarms (clock: Clock) {
  const alarms = new Map<string, () => void>()

  function cancel (name: string) {
    alarms.get(name)?.()
    alarms.delete(name)
  }

  return {
    set (name: string, ms: number, run: () => void): void {
      cancel(name)
      alarms.set(name, clock.after(ms, () => {
        alarms.delete(name)
        run()
      }))
    },

    cancel,

    clear (): void {
      for (const call of alarms.values()) call()
      alarms.clear()
    }
  }
}
