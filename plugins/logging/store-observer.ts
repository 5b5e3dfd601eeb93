import type { FastifyBaseLogger } from 'fastify'
import { endedLine, failedLine, recordStep, type TaskLog } from '../../domain/timing.js'
import type { StoreObserver } from '../../storage/index.js'

/** What the store tells the operator, by its code. */
const events: Record<string, string> = {
  listener_failed: 'Un suscriptor del almacén falló'
}

/** The ears of the store: its steps go to the statistics and, at DEBUG, to the log; its words to the log. */
export function createStoreObserver (log: FastifyBaseLogger & Pick<TaskLog, 'isLevelEnabled'>): StoreObserver {
  return {
    time (task, ms, ok) {
      recordStep(task, ms, ok)
      if (log.isLevelEnabled?.('debug') === false) return
      log.debug(ok ? endedLine(task, ms) : failedLine(task, ms, 'error'))
    },
    event (level, code, details) {
      log[level]({ code, ...details }, events[code] ?? 'Aviso del almacén')
    }
  }
}
