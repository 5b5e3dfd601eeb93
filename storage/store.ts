/** The port: all that anything above `storage/` may know of it. Nothing here assumes files. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined }

/** A short tuple such as `['log', conversationId, 42]`. Parts order as: numbers by value, then strings
 *  by code unit; a tuple stands before every longer tuple that begins with it. Numbers are whole and
 *  not negative. No personal data belongs in a key (see `Store.blind`): erasure can't reach it. */
export type Key = readonly [string, ...(string | number)[]]

/** Whose data a personal part is, such as `user:ID` or `conversation:ID`. One subject: sealed under its
 *  key. Two: under a key derived from both, so that destroying either ends it. */
export type Subject = string
export type Subjects = readonly [Subject] | readonly [Subject, Subject]

/** What is stored under a key. `personal` is sealed under the keys of its subjects once more, and is
 *  null where there is none or where a subject was erased. Both parts are deep-frozen: copy, then change. */
export interface Entry {
  readonly value: Json
  readonly personal: Json
  readonly subjects: Subjects | null
  /** The sequence of the batch that wrote this. */
  readonly version: number
}

export interface Put {
  readonly key: Key
  readonly value: Json
  readonly personal?: Json
  /** Needed where `personal` is given. */
  readonly subjects?: Subjects
}

/** What `build` wants to happen, all of it or nothing. No puts and no deletes: nothing is written, and
 *  the result is given once everything that `build` could see is durable. */
export interface Change<R> {
  readonly puts?: readonly Put[]
  readonly deletes?: readonly Key[]
  readonly result: R
}

/** The newest accepted state of the keys a commit loaded. Asking for another key throws. */
export interface Current {
  get (key: Key): Entry | null
}

/** One committed batch as `subscribe` tells it. `entry` is null for a delete. */
export interface Batch {
  readonly sequence: number
  readonly changes: readonly { readonly key: Key, readonly entry: Entry | null }[]
}

/** Keys from `after`/`from` (one of them) up to but not including `to`, all of them within `prefix`. */
export interface Range {
  readonly prefix: Key
  /** First number or string behind the prefix that is wanted. */
  readonly from?: string | number
  /** As `from`, but the key itself is not wanted. */
  readonly after?: string | number
  /** First number or string behind the prefix that is not wanted any more. */
  readonly to?: string | number
}

export interface ScanOptions {
  /** At most so many rows. */
  readonly limit?: number
  readonly reverse?: boolean
}

export interface Row {
  readonly key: Key
  readonly entry: Entry
}

export interface StoreStats {
  readonly sequence: number
  readonly keys: number
  readonly queuedCharacters: number
  readonly groups: number
  readonly batches: number
  readonly journalBytes: number
  /** What writes answer just now. */
  readonly writable: 'yes' | 'reopening' | 'full' | 'closed'
}

/** What a store tells whoever watches it: how long a step took, or a word for the operator. */
export interface StoreObserver {
  /** `task` as the log names it: `read` and `decrypt` what is stored, `encrypt`, `write` and `anchor` a group,
   *  `index` a batch, `compact` journals, and `commit`: what a caller waits for until its batch is durable. */
  time (task: string, ms: number, ok: boolean): void
  event (level: 'info' | 'warn' | 'error', code: string, details: Record<string, unknown>): void
}

export interface Store {
  /** Changes on restore and whenever an older head is accepted; never on a restart or takeover. */
  readonly historyId: string
  /** The sequence of the newest durable batch. */
  readonly sequence: number

  /** The newest durable value, or null. */
  get (key: Key): Promise<Entry | null>

  /** In key order, over one consistent snapshot taken at the first step. */
  scan (range: Range, options?: ScanOptions): AsyncIterableIterator<Row>

  /** Loads `keys`, then runs `build` serially on the newest accepted state, those still waiting for their
   *  sync included. `build` is synchronous and pure; it may throw, and then nothing is written and the
   *  commit rejects with that error. `sequence` is the number the batch will have. Resolves only when
   *  durable; visible to get, scan and subscribe only then.
   *  @throws StoreError store_busy (the queue is full), store_full, store_unavailable, outcome_unknown,
   *  batch_too_large, store_closed */
  commit<R> (keys: readonly Key[], build: (current: Current, sequence: number) => Change<R>): Promise<R>

  /** Every committed batch, in commit order, once; called synchronously as it becomes visible. Returns
   *  the end of the subscription. A listener must not throw. */
  subscribe (listener: (batch: Batch) => void): () => void

  /** A keyed digest (base64url, 22 characters) that stands in keys for a text that must not. Equal texts
   *  under one label give equal digests in one store, and in no other. */
  blind (label: string, text: string): string

  stats (): StoreStats
  close (): Promise<void>
}
