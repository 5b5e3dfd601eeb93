import { StoreError } from './errors.js'
import { encodeKey } from './keys.js'
import { limits } from './limits.js'
import { Cell, type StoredRow } from './cell.js'
import type { Change, Key, Put, Subject } from './store.js'
import type { Vault, WrappedKey } from './vault.js'

/** The keys of subjects, beside the rows that they seal. Nothing above the store writes here. */
export const SUBJECT_KEYS = 'subject-keys'

/** A batch as one line of JSON: `[sequence, [[key, value, subjects?, sealed?] ...], [deleted key ...]]`. */
export type BatchLine = readonly [sequence: number, puts: readonly (readonly [Key, ...StoredRow])[], deletes: readonly Key[]]

export interface EncodedBatch {
  readonly sequence: number
  readonly line: string
  readonly changes: readonly CellChange[]
}

export interface CellChange { readonly key: Key, readonly cell: Cell }

/** Seals the personal parts and writes the line. The keys of new subjects join the same batch, so that
 *  no row is ever without them.
 *  @throws StoreError misuse, batch_too_large */
export function encodeBatch (sequence: number, change: Change<unknown>, vault: Vault): EncodedBatch {
  const changes: CellChange[] = []
  const rows: string[] = []
  const made = new Map<Subject, WrappedKey>()

  function add (key: Key, json: string, tail: string, cell: Cell) {
    changes.push({ key: ownKey(key), cell })
    rows.push(`[${JSON.stringify(key)},${json}${tail}]`)
  }

  function put ({ key, value, personal, subjects }: Put) {
    const text = encodeOpenKey(key)
    const json = toJson(value)
    if (personal === undefined || personal === null) return add(key, json, '', Cell.written(text, sequence, json, null, null))
    if (subjects === undefined || subjects.length < 1 || subjects.length > 2) {
      throw new StoreError('misuse', { place: 'a personal part has one or two subjects' })
    }
    const personalJson = toJson(personal)
    const sealed = vault.seal(text, sequence, subjects, personalJson, made)
    add(key, json, `,${JSON.stringify(subjects)},"${sealed}"`, Cell.written(text, sequence, json, subjects, personalJson))
  }

  for (const each of change.puts ?? []) put(each)
  for (const [subject, wrapped] of made) {
    const key: Key = [SUBJECT_KEYS, subject]
    const json = JSON.stringify(wrapped)
    add(key, json, '', Cell.written(encodeKey(key), sequence, json, null, null))
  }
  const deletes = change.deletes ?? []
  for (const key of deletes) changes.push({ key: ownKey(key), cell: Cell.deleted(encodeOpenKey(key), sequence) })
  const line = `[${sequence},[${rows.join()}],${JSON.stringify(deletes)}]\n`
  if (line.length > limits.batchCharactersMax) throw new StoreError('batch_too_large', { place: `${line.length} characters` })
  return { sequence, line, changes }
}

export function decodeBatch (line: BatchLine): { sequence: number, changes: CellChange[] } {
  const [sequence, puts, deletes] = line
  const changes = puts.map(([key, ...row]) => ({ key: ownKey(key), cell: Cell.loaded(encodeKey(key), sequence, row) }))
  for (const key of deletes) changes.push({ key: ownKey(key), cell: Cell.deleted(encodeKey(key), sequence) })
  return { sequence, changes }
}

/** What a reader is handed can't be changed, neither by it nor by whoever gave it. */
export const ownKey = (key: Key): Key => Object.freeze([...key] as const)

function encodeOpenKey (key: Key): string {
  if (key[0] === SUBJECT_KEYS) throw new StoreError('misuse', { place: `${SUBJECT_KEYS} are the store's own` })
  return encodeKey(key)
}

function toJson (value: unknown): string {
  const json = JSON.stringify(value)
  if (json === undefined) throw new StoreError('misuse', { place: 'a value that JSON has no word for' })
  return json
}
