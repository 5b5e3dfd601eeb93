import type { Entry, Json, Subjects } from './store.js'
import type { Vault } from './vault.js'

/** How a row stands in a journal and in a snapshot: `[value]` or `[value, subjects, sealed]`. */
export type StoredRow = readonly [value: Json, subjects?: Subjects, sealed?: string]

/** One version of one key in memory. What a reader gets is parsed, opened and frozen at the first read,
 *  since most of what is loaded at the start is never asked for. */
export class Cell {
  #entry: Entry | undefined
  readonly #subjects: Subjects | null
  readonly #sealed: string | null
  #value: Json | undefined
  /** JSON of the two parts as a commit gave them; what comes from disk has #value and #sealed instead. */
  #json: string | null
  #personalJson: string | null

  private constructor (readonly key: string, readonly version: number, readonly deleted: boolean,
    value: Json | undefined, json: string | null, subjects: Subjects | null, sealed: string | null, personalJson: string | null) {
    this.#value = value
    this.#json = json
    this.#subjects = subjects
    this.#sealed = sealed
    this.#personalJson = personalJson
  }

  static written (key: string, version: number, json: string, subjects: Subjects | null, personalJson: string | null): Cell {
    return new Cell(key, version, false, undefined, json, subjects === null ? null : copy(subjects), null, personalJson)
  }

  static loaded (key: string, version: number, [value, subjects, sealed]: StoredRow): Cell {
    return new Cell(key, version, false, value, null, subjects === undefined ? null : copy(subjects), sealed ?? null, null)
  }

  static deleted (key: string, version: number): Cell {
    return new Cell(key, version, true, null, null, null, null, null)
  }

  /** @throws StoreError store_damaged where the personal part does not open */
  entry (vault: Vault): Entry {
    this.#entry ??= this.#open(vault)
    return this.#entry
  }

  #open (vault: Vault): Entry {
    const value = this.#value ?? JSON.parse(this.#json ?? 'null') as Json
    const entry = {
      value: freeze(value),
      personal: freeze(this.#personal(vault)),
      subjects: this.#subjects,
      version: this.version
    }
    this.#value = undefined
    this.#json = this.#personalJson = null
    return Object.freeze(entry)
  }

  #personal (vault: Vault): Json {
    if (this.#personalJson !== null) return JSON.parse(this.#personalJson) as Json
    if (this.#sealed === null || this.#subjects === null) return null
    return vault.open(this.key, this.version, this.#subjects, this.#sealed)
  }
}

const copy = ([first, second]: Subjects): Subjects => Object.freeze(second === undefined ? [first] as const : [first, second] as const)

function freeze (value: Json): Json {
  if (value !== null && typeof value === 'object') {
    for (const part of Object.values(value)) freeze(part ?? null)
    Object.freeze(value)
  }
  return value
}
