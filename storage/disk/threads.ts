import { Worker } from 'node:worker_threads'
import { atMost } from '../deadline.js'
import { limits } from '../limits.js'

/** A thread of the store. It needs neither the flags nor the environment (it may hold secrets) of this
 *  process. `file` is beside this module. */
export function startThread (file: './journal-worker.js' | './fold-worker.js', workerData: unknown): Worker {
  return new Worker(new URL(file, import.meta.url), { workerData, execArgv: [], env: {} })
}

/** Resolves when the thread has ended. One that hangs in the kernel ends only with the process, so at the
 *  end of it this is not waited for. */
export const stop = (thread: Worker): Promise<unknown> => thread.terminate().catch(() => {})

/** Waits, but not for ever. */
export const soon = (event: Promise<unknown>): Promise<void> => atMost(limits.commitDeadlineMs, event)
