import { parentPort, workerData } from 'node:worker_threads'
import type { Files } from './files.js'
import { fold } from './fold.js'
import { toPlainError, type FoldWorkerData, type FromFold } from './messages.js'
import { placesOf } from './places.js'

/** The thread of bulk work: it reads what no longer changes and writes what nothing names yet. */
const { root, anchor, job, term, keyring, filesModule } = workerData as FoldWorkerData

function dataKey (wanted: number): Buffer | null {
  const found = keyring.terms.find((each) => each.term === wanted)
  return found === undefined ? null : Buffer.from(found.key)
}

function run (files: Files): FromFold {
  try {
    const keys = { storeId: Buffer.from(keyring.storeId), dataKey }
    return { type: 'folded', result: fold({ files, places: placesOf(root, anchor), keys }, job, term) }
  } catch (err) {
    return { type: 'failed', error: toPlainError(err) }
  }
}

const { files } = await import(filesModule ?? './files.js') as { files: Files }
parentPort?.postMessage(run(files))
