import { StoreError, type StoreFailureCode } from '../errors.js'
import type { MasterKeySource } from '../master-key.js'
import type { AppendTimes, FoldJob, FoldResult } from './journal.js'
import type { Trust } from './opening.js'

/** What the threads of a store say to each other. Only plain data crosses. */
export interface JournalWorkerData {
  root: string
  anchor: string
  key: MasterKeySource
  trust: Trust
  termMs: number
  beatMs: number
  /** Only batches behind it are wanted: the store is opened again, and the rest is in memory. */
  afterSequence: number
  foldJournalBytes: number
  foldAgeMs: number
  /** A module that exports other `files`; tests make calls fail with it. */
  filesModule: string | null
}

export type ToJournal =
  | { type: 'append', last: number, lines: string }
  | { type: 'folded', result: FoldResult }
  | { type: 'fold failed' }
  | { type: 'close' }

export type FromJournal =
  | { type: 'rows', kind: 'table' | 'batch', plains: Uint8Array[] }
  | { type: 'opened', historyId: string, storeId: Uint8Array, wrappers: Uint8Array[], blindKey: Uint8Array, sequence: number, generation: number }
  | { type: 'appended', times: AppendTimes, journalBytes: number }
  | { type: 'fold', job: FoldJob, term: number, keyring: FoldKeyring }
  | { type: 'event', level: 'info' | 'warn' | 'error', code: string, details: Record<string, unknown> }
  | { type: 'failed', error: PlainError }
  | { type: 'closed' }

export interface FoldKeyring { storeId: Uint8Array, terms: { term: number, key: Uint8Array }[] }

export interface FoldWorkerData { root: string, anchor: string, job: FoldJob, term: number, keyring: FoldKeyring, filesModule: string | null }

export type FromFold = { type: 'folded', result: FoldResult } | { type: 'failed', error: PlainError }

/** A StoreError without its prototype, which a message does not carry. */
export interface PlainError { code: StoreFailureCode, place: string | undefined, hint: string | undefined, cause: string | undefined }

export function toPlainError (err: unknown): PlainError {
  if (err instanceof StoreError) {
    const cause = err.cause instanceof Error ? err.cause.message : undefined
    return { code: err.code, place: err.place, hint: err.hint, cause }
  }
  return { code: 'io_failed', place: undefined, hint: undefined, cause: err instanceof Error ? err.stack ?? err.message : String(err) }
}

export function fromPlainError ({ code, place, hint, cause }: PlainError): StoreError {
  return new StoreError(code, {
    ...(place === undefined ? {} : { place }), ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause: new Error(cause) })
  })
}
