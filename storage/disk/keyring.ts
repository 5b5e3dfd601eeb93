import { KEY_BYTES, randomBytes, sha256 } from '../cipher.js'
import { StoreError } from '../errors.js'
import { decodeSuperblock, encodeSuperblock, SUPERBLOCK_BYTES, type Superblock } from '../master-key.js'
import { WRAPPERS } from '../vault.js'
import { openDocument, sealDocument } from './document.js'

/** All keys of a store, in memory. Only this file's bytes are sealed with the master key itself. */
export interface Keyring {
  number: number
  /** SHA-256 of the file: manifest and anchor pin it, so that an older keyring can't come back. */
  hash: string
  /** The newest term seals new files; older ones open what is left of them. */
  terms: readonly { term: number, key: Buffer }[]
  wrappers: readonly Buffer[]
  /** Seals manifest, claims, lease and anchor. */
  controlKey: Buffer
  blindKey: Buffer
}

interface StoredKeyring { number: number, terms: { term: number, key: string }[], wrappers: string[], controlKey: string, blindKey: string }

export type NewKeyring = Omit<Keyring, 'hash'>

export const freshKeyring = (): NewKeyring => ({
  number: 1,
  terms: [{ term: 1, key: randomBytes(KEY_BYTES) }],
  wrappers: Array.from({ length: WRAPPERS }, () => randomBytes(KEY_BYTES)),
  controlKey: randomBytes(KEY_BYTES),
  blindKey: randomBytes(KEY_BYTES)
})

/** The superblock once more (its parameters decide whether the key can ever be had again), then a
 *  document sealed with the master key. */
export function encodeKeyring (keyring: NewKeyring, superblock: Superblock, masterKey: Buffer): Buffer {
  const stored: StoredKeyring = {
    number: keyring.number,
    terms: keyring.terms.map(({ term, key }) => ({ term, key: key.toString('base64') })),
    wrappers: keyring.wrappers.map((key) => key.toString('base64')),
    controlKey: keyring.controlKey.toString('base64'),
    blindKey: keyring.blindKey.toString('base64')
  }
  const place = placeOf(keyring.number, superblock)
  return Buffer.concat([encodeSuperblock(superblock), sealDocument(masterKey, place, stored)])
}

/** @throws StoreError store_damaged */
export function decodeKeyring (bytes: Buffer, number: number, superblock: Superblock, masterKey: Buffer): Keyring {
  const name = `keyring.${number}`
  if (!decodeSuperblock(bytes.subarray(0, SUPERBLOCK_BYTES), name).storeId.equals(superblock.storeId)) {
    throw new StoreError('store_damaged', { place: `${name}: of another store` })
  }
  const opened = openDocument(masterKey, placeOf(number, superblock), bytes.subarray(SUPERBLOCK_BYTES))
  if (opened.verdict !== 'good') throw new StoreError('store_damaged', { place: `${name}: ${opened.verdict}` })
  const stored = opened.value as StoredKeyring
  return {
    number: stored.number,
    hash: sha256(bytes).toString('hex'),
    terms: stored.terms.map(({ term, key }) => ({ term, key: Buffer.from(key, 'base64') })),
    wrappers: stored.wrappers.map((key) => Buffer.from(key, 'base64')),
    controlKey: Buffer.from(stored.controlKey, 'base64'),
    blindKey: Buffer.from(stored.blindKey, 'base64')
  }
}

const placeOf = (number: number, { storeId }: Superblock) => ({ kind: 'keyring', name: `keyring.${number}`, storeId } as const)

export function dataKeyOf (keyring: Keyring, term: number): Buffer | null {
  return keyring.terms.find((each) => each.term === term)?.key ?? null
}

export const newestTerm = (keyring: Keyring): number => Math.max(...keyring.terms.map(({ term }) => term))
