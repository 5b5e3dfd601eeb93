import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { BatchLine } from '../../storage/batch.js'
import { createStoreFiles } from '../../storage/disk/create.js'
import { openDiskStore, type DiskStoreOptions } from '../../storage/disk/disk-store.js'
import { files } from '../../storage/disk/files.js'
import type { TableLine } from '../../storage/disk/fold.js'
import { readState, unlockStore, type StoredState, type Trust } from '../../storage/disk/opening.js'
import { becomeOwner, type Owner } from '../../storage/disk/owner.js'
import { parseLines } from '../../storage/disk/padding.js'
import { placesOf } from '../../storage/disk/places.js'
import type { Key, Store, StoreObserver } from '../../storage/store.js'

export const key = { kind: 'key', bytes: Buffer.alloc(32, 7) } as const
export const strict: Trust = { policy: 'strict', acceptHead: null }
export const silent: StoreObserver = { time () {}, event () {} }

export interface Home { root: string, anchor: string }

/** An empty store in a folder of this test. */
export function makeHome (t: Test): Home {
  const home = homeIn(t.testdir({}))
  createStoreFiles(home.root, home.anchor, key)
  return home
}

export const homeIn = (folder: string): Home => ({ root: join(folder, 'store'), anchor: join(folder, 'anchor') })

export async function openStore (t: Test, home: Home, options: Partial<DiskStoreOptions> = {}): Promise<Store> {
  const store = await openDiskStore({ ...home, key, ...options })
  t.teardown(() => store.close())
  return store
}

export interface EventSeen { level: string, code: string, details: Record<string, unknown> }

export function watcher () {
  const events: EventSeen[] = []
  const observer: StoreObserver = { time () {}, event (level, code, details) { events.push({ level, code, details }) } }
  return { events, observer, codes: () => events.map(({ code }) => code) }
}

/** The writer without its threads: every call happens here and now. */
export function own ({ root, anchor }: Home, options: { trust?: Trust, observer?: StoreObserver, termMs?: number, files?: typeof files } = {}): Promise<Owner> {
  return becomeOwner({ files, places: placesOf(root, anchor), key, trust: strict, termMs: 100, observer: silent, ...options })
}

/** A batch of one row as the engine writes it. */
export const lineOf = (sequence: number, row: Key, value: unknown): Buffer => Buffer.from(`${JSON.stringify([sequence, [[row, value]], []])}\n`)

/** What an opening would find, without becoming the owner. */
export function look ({ root, anchor }: Home, trust = strict, calls = files): StoredState {
  const places = placesOf(root, anchor)
  return readState(calls, places, unlockStore(calls, places, key), trust)
}

/** The newest value of each key, as a replay gives them. */
export function rowsOf ({ tables, batches, unconfirmed }: StoredState): Map<string, unknown> {
  const rows = new Map<string, unknown>()
  for (const plain of tables) {
    for (const [row, , value] of parseLines(plain) as TableLine[]) rows.set(JSON.stringify(row), value)
  }
  for (const plain of [...batches, ...unconfirmed.map(({ plain }) => plain)]) {
    for (const [, puts, deletes] of parseLines(plain) as BatchLine[]) {
      for (const [row, value] of puts) rows.set(JSON.stringify(row), value)
      for (const row of deletes) rows.delete(JSON.stringify(row))
    }
  }
  return rows
}

/** Paths of all files below, relative and in order. */
export function treeOf (root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !lstatSync(join(root, path)).isDirectory()).sort()
}

export function hashTree (root: string): string {
  const hash = createHash('sha256')
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const stats = lstatSync(join(root, path))
    hash.update(`${path}\0${stats.mode}\0`)
    if (stats.isFile()) hash.update(readFileSync(join(root, path)))
  }
  return hash.digest('hex')
}

export const codeOf = (err: unknown): string => err instanceof Error && 'code' in err ? String(err.code) : String(err)

/** The code of what is thrown, or what `work` gave where nothing was. */
export async function outcome (work: () => unknown): Promise<string> {
  try {
    await work()
    return 'fine'
  } catch (err) { return codeOf(err) }
}
