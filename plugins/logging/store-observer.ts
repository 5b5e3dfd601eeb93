import type { FastifyBaseLogger } from 'fastify'
import { endedLine, failedLine, recordStep, type TaskLog } from '../../domain/timing.js'
import type { StoreObserver } from '../../storage/index.js'

/** What the store tells the operator, by its code. */
const events: Record<string, string> = {
  opened: 'Almacén abierto',
  reopened: 'Almacén abierto de nuevo tras un fallo de escritura',
  writer_failed: 'Falló una escritura; el almacén se abre de nuevo desde el disco',
  folded: 'Diario compactado en tablas',
  fold_failed: 'No se pudo compactar el diario; se reintenta dentro de un rato',
  torn_tail: 'Final de diario incompleto tras una caída; nada confirmado se ha perdido',
  foreign_file: 'Archivo ajeno en el almacén; no se lee',
  foreign_bytes: 'Bytes ajenos tras el final de un diario; no se leen',
  owner_elsewhere: 'Otra máquina tuvo el almacén; se espera por si sigue viva',
  owner_unreadable: 'No se puede leer quién tuvo el almacén; se espera por si sigue vivo',
  reopen_failed: 'El almacén aún no se pudo abrir de nuevo; se sigue intentando',
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
