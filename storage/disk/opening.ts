import { sha256 } from '../cipher.js'
import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import { decodeSuperblock, SUPERBLOCK_BYTES, unlock, type MasterKeySource, type Superblock } from '../master-key.js'
import { anchorExists, readAnchor, type Anchor } from './anchor.js'
import type { Files } from './files.js'
import { dataKeyOf, decodeKeyring, type Keyring } from './keyring.js'
import { decodeManifest, manifestHash, type Head, type Manifest } from './manifest.js'
import { numbersOf, type Places } from './places.js'
import { readEndedJournal, readFrames, readTable, type ReplayContext } from './replay.js'
import type { FileKeys, Frame } from './sealed-file.js'
import { readWhole } from './steps.js'
import { judge } from './verdict.js'

/** What the operator allows where no anchor vouches for the newest position, or an older one is wanted. */
export interface Trust {
  /** `first-use`: where there is no anchor at all, what is found is taken. */
  policy: 'strict' | 'first-use'
  /** The head that `nexu open --accept-head` named. */
  acceptHead: string | null
}

export interface Unlocked { superblock: Superblock, keyring: Keyring, masterKey: Buffer, keys: FileKeys, anchor: Anchor | null }

/** More than a superblock has: what is behind it is told, not read. */
const SUPERBLOCK_BYTES_MAX = 4096
const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** First look: is a store here, is it mine, does the key open it? Reads only.
 *  @throws StoreError store_missing, store_unmounted, store_foreign, store_damaged, key_wrong ... */
export function unlockStore (files: Files, places: Places, source: MasterKeySource): Unlocked {
  const bytes = readWhole(files, places.superblock, SUPERBLOCK_BYTES_MAX)
  const anchored = anchorExists(files, places)
  if (bytes === null) throw absent(files, places, anchored)
  const superblock = decodeSuperblock(bytes, 'NEXU')
  if (bytes.length > SUPERBLOCK_BYTES) throw new StoreError('store_damaged', { place: `NEXU: ${bytes.length - SUPERBLOCK_BYTES} foreign bytes behind its end` })
  assertFolders(files, places)
  const masterKey = unlock(source, superblock)
  const keyring = newestKeyring(files, places, superblock, masterKey)
  const keys = { storeId: superblock.storeId, dataKey: (term: number) => dataKeyOf(keyring, term) }
  const verdict = readAnchor(files, places, keyring.controlKey, superblock.storeId)
  if (verdict.state === 'foreign') {
    throw new StoreError('store_foreign', { place: places.anchor, hint: hints.anchorOfAnother })
  }
  if (verdict.state === 'damaged') {
    throw new StoreError('head_unconfirmed', {
      place: `${places.anchor}: no slot of the anchor can be read`, hint: hints.moveAnchorAway
    })
  }
  const anchor = verdict.state === 'good' ? verdict.anchor : null
  if (anchor !== null && anchor.keyring.hash !== keyring.hash) {
    throw new StoreError('store_rolled_back', { place: `keyring.${keyring.number} is not the keyring.${anchor.keyring.number} that the anchor knows`, hint: hints.keepAndRestore })
  }
  return { superblock, keyring, masterKey, keys, anchor }
}

/** A link in the place of a folder would make this process write, and remove, somewhere else. */
function assertFolders (files: Files, places: Places) {
  for (const folder of [places.root, places.journals, places.tables, places.claims]) {
    if (files.isFolder(folder)) continue
    throw new StoreError('store_damaged', { place: `${folder}: no folder, or a link to one`, hint: hints.emptyFolder })
  }
}

function absent (files: Files, places: Places, anchored: boolean): StoreError {
  const leftovers = files.isFolder(places.root) ? files.list(places.root) : []
  if (leftovers.length > 0) return new StoreError('store_damaged', { place: 'NEXU is missing', hint: hints.superblockCopy })
  if (anchored) {
    return new StoreError('store_unmounted', { place: places.root, hint: hints.isShareMounted })
  }
  return new StoreError('store_missing', { place: places.root, hint: hints.init })
}

function newestKeyring (files: Files, places: Places, superblock: Superblock, masterKey: Buffer): Keyring {
  const number = numbersOf(files.list(places.root), 'keyring.').at(-1)
  const bytes = number === undefined ? null : readWhole(files, places.keyring(number), DOCUMENT_BYTES_MAX)
  if (number === undefined || bytes === null) throw new StoreError('store_damaged', { place: 'the keyring is missing', hint: hints.keepAndRestore })
  return decodeKeyring(bytes, number, superblock, masterKey)
}

/** Everything that is stored, checked, and where it ends. */
export interface StoredState {
  manifest: Manifest
  manifestHash: string
  /** Where the next batch continues, what is unconfirmed included. */
  end: Head
  /** The live journal as far as it is surely durable, and its last two positions, those behind included
   *  (an anchor elsewhere may know either); null before the first owner. */
  live: { last: number, bytes: number, chain: string, lastTwo: readonly Head[] } | null
  /** The frames of the tables, then those of the journals up to the anchored head, in order. */
  tables: Buffer[]
  batches: Buffer[]
  /** Valid frames behind it: perhaps only in the page cache, never acknowledged. */
  unconfirmed: { sequence: number, plain: Buffer }[]
  /** A person accepted this head, or the policy did where none was known. */
  newHistory: boolean
  warnings: Warning[]
}

export interface Warning { code: string, details: Record<string, unknown> }

/** Second look: the manifest, every table and journal that it names, against the anchor. Reads only.
 *  @throws StoreError store_damaged, store_rolled_back, head_unconfirmed, each naming the place */
export function readState (files: Files, places: Places, unlocked: Unlocked, trust: Trust): StoredState {
  const context: ReplayContext = { files, places, keys: unlocked.keys }
  const { manifest, hash } = newestManifest(files, places, unlocked)
  const warnings: Warning[] = []
  const tables = manifest.tables.flatMap((entry) => readTable(context, entry))
  const batches = manifest.journals.flatMap((entry, index) => {
    const before = index === 0 ? manifest.tablesHead : positionOf(manifest.journals[index - 1] ?? entry)
    const { plains, foreignBytes } = readEndedJournal(context, entry, before)
    if (foreignBytes > 0) warnings.push({ code: 'foreign_bytes', details: { place: `journal/${entry.name}`, offset: entry.bytes, bytes: foreignBytes } })
    return plains
  })
  const live = readLive(context, manifest)
  const { anchoredFrames, doubt } = judge(unlocked.anchor, { manifest, manifestHash: hash, positions: live.positions, tail: live.tail })
  const end = live.positions.at(-1) ?? manifest.head
  const newHistory = doubt !== null && isTrusted(doubt, trust, unlocked, headName(unlocked, hash, end))
  if (live.tail !== null) warnings.push({ code: 'torn_tail', details: live.tail })
  const anchored = live.frames.slice(0, anchoredFrames)
  return {
    manifest,
    manifestHash: hash,
    end,
    live: manifest.live === null ? null : liveUpTo(live, anchoredFrames),
    tables,
    batches: [...batches, ...anchored.map(({ plain }) => plain)],
    unconfirmed: live.frames.slice(anchoredFrames),
    newHistory,
    warnings
  }
}

interface Live { frames: Frame[], start: number, startChain: string, positions: Head[], tail: { place: string, offset: number, bytes: number } | null }

function readLive (context: ReplayContext, { live, head }: Manifest): Live {
  if (live === null) return { frames: [], start: 0, startChain: '', positions: [head], tail: null }
  const place = `journal/${live.name}`
  const { bytes, frames, start, startChain, stoppedAt } = readFrames(context, place, live.name, live.after)
  return {
    frames,
    start,
    startChain,
    positions: [live.after, ...frames.map(({ sequence, chain }) => ({ sequence, chain: chain.toString('hex') }))],
    tail: stoppedAt < bytes.length ? { place, offset: stoppedAt, bytes: bytes.length - stoppedAt } : null
  }
}

function liveUpTo ({ frames, start, startChain, positions }: Live, count: number): NonNullable<StoredState['live']> {
  const frame = frames[count - 1]
  return {
    last: positions[count]?.sequence ?? 0,
    bytes: frame?.end ?? start,
    chain: frame?.chain.toString('hex') ?? startChain,
    lastTwo: positions.slice(-2)
  }
}

const positionOf = ({ last, chain }: { last: number, chain: string }): Head => ({ sequence: last, chain })

/** What a person accepts: one text for the whole state, so that nothing else can be slipped in. */
function headName ({ superblock }: Unlocked, hash: string, { sequence, chain }: Head): string {
  return sha256(superblock.storeId, `${hash}/${sequence}/${chain}`).toString('hex')
}

/** Whether a doubtful head may be used; a new history begins with it.
 *  @throws StoreError the doubt, with the command that ends it */
function isTrusted (doubt: StoreError, { policy, acceptHead }: Trust, { anchor }: Unlocked, name: string): boolean {
  if (acceptHead === name) return true
  if (doubt.code === 'head_unconfirmed' && anchor === null && policy === 'first-use') return false
  const hint = acceptHead === null ? hints.acceptHead(name) : hints.otherHead(name)
  throw new StoreError(doubt.code, { ...(doubt.place === undefined ? {} : { place: doubt.place }), hint })
}

function newestManifest (files: Files, places: Places, { keyring, superblock }: Unlocked): { manifest: Manifest, hash: string } {
  const number = numbersOf(files.list(places.root), 'manifest.').at(-1)
  const bytes = number === undefined ? null : readWhole(files, places.manifest(number), DOCUMENT_BYTES_MAX)
  if (number === undefined || bytes === null) throw new StoreError('store_damaged', { place: 'the manifest is missing', hint: hints.keepAndRestore })
  const manifest = decodeManifest(bytes, number, keyring.controlKey, superblock.storeId)
  if (manifest === null) throw new StoreError('store_damaged', { place: `manifest.${number}`, hint: hints.keepAndRestore })
  if (manifest.keyring.hash !== keyring.hash) {
    throw new StoreError('store_damaged', { place: `keyring.${keyring.number} is not the one that manifest.${number} names`, hint: hints.keepAndRestore })
  }
  return { manifest, hash: manifestHash(bytes) }
}
