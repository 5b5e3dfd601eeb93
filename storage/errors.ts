/** Every failure of the store. Told apart by `code`, never by text; `exitCode` is what the process
 *  ends with where one stops the start (numbers as in sysexits.h). Clients never see one. */
const failures = {
  store_busy: { text: 'too much waits to be written', exitCode: 75 },
  store_full: { text: 'the disk or its quota is full', exitCode: 75 },
  store_unavailable: { text: 'the store is not writable just now', exitCode: 75 },
  store_closed: { text: 'the store is closed', exitCode: 70 },
  outcome_unknown: { text: 'a write failed and may or may not have reached the disk', exitCode: 74 },
  batch_too_large: { text: 'one batch is larger than a frame may be', exitCode: 70 },
  misuse: { text: 'the store was called in a way it does not allow', exitCode: 70 },

  store_held: { text: 'another process serves this store', exitCode: 75 },
  store_missing: { text: 'no store is here', exitCode: 66 },
  store_exists: { text: 'a store or an anchor is here already', exitCode: 73 },
  store_unmounted: { text: 'the anchor knows a store, but the directory has none', exitCode: 72 },
  store_foreign: { text: 'the anchor belongs to another store', exitCode: 65 },
  store_rolled_back: { text: 'the store is older than its anchor', exitCode: 67 },
  store_damaged: { text: 'the store is damaged', exitCode: 65 },
  head_unconfirmed: { text: 'there is no anchor that vouches for this store', exitCode: 68 },
  key_missing: { text: 'no key was given for this store', exitCode: 78 },
  key_wrong: { text: 'the key does not open this store', exitCode: 77 },
  key_malformed: { text: 'a key is 32 bytes, written in base64', exitCode: 78 },
  format_unknown: { text: 'the store has a format that this version does not read', exitCode: 76 },
  io_failed: { text: 'a file call failed', exitCode: 74 }
} as const satisfies Record<string, { text: string, exitCode: number }>

export type StoreFailureCode = keyof typeof failures

export interface StoreErrorOptions extends ErrorOptions {
  /** Where: file, offset, sequence. */
  place?: string
  /** What a person should do now. */
  hint?: string
}

export class StoreError extends Error {
  readonly exitCode: number
  readonly place: string | undefined
  readonly hint: string | undefined

  constructor (readonly code: StoreFailureCode, options: StoreErrorOptions = {}) {
    super(options.place === undefined ? failures[code].text : `${failures[code].text}: ${options.place}`, options)
    this.name = 'StoreError'
    this.exitCode = failures[code].exitCode
    this.place = options.place
    this.hint = options.hint
  }
}
