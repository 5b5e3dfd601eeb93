import type { Worker } from 'node:worker_threads'
import { StoreError } from '../errors.js'
import type { FoldResult } from './journal.js'
import { fromPlainError, type FoldWorkerData, type FromFold } from './messages.js'
import { startThread, stop } from './threads.js'

export type Folder = ReturnType<typeof createFolder>

/** The thread of bulk work, one run at a time. A run that was stopped says nothing any more. */
export function createFolder () {
  let running: Worker | null = null

  return {
    start (data: FoldWorkerData, onEnd: (result: FoldResult | StoreError) => void) {
      const thread = running = startThread('./fold-worker.js', data)
      const end = (result: FoldResult | StoreError) => {
        if (running !== thread) return
        running = null
        onEnd(result)
      }
      thread.on('message', (message: FromFold) => { end(message.type === 'folded' ? message.result : fromPlainError(message.error)) })
      thread.on('error', (err) => { end(new StoreError('io_failed', { cause: err })) })
    },

    async stop () {
      const thread = running
      running = null
      if (thread !== null) await stop(thread)
    }
  }
}
