import { asKey, DIGEST_BYTES, hmac, KEY_BYTES, randomBytes, SALT_BYTES, sha256, stretch } from './cipher.js'
import { StoreError } from './errors.js'
import { hints } from './hints.js'

/** Where the master key comes from: 32 bytes, or a passphrase that is stretched to them. */
export type MasterKeySource = { kind: 'key', bytes: Buffer } | { kind: 'passphrase', text: string }

/** How a store's master key is had from its source; the same bytes stand in `NEXU` and in each keyring. */
export interface Superblock {
  storeId: Buffer
  /** log2 of scrypt's N, r and p; all 0 where the key is not stretched. */
  kdf: { logN: number, r: number, p: number }
  salt: Buffer
  /** Tells a wrong key from damaged bytes. */
  fingerprint: Buffer
}

export const FORMAT_VERSION = 1
export const STORE_ID_BYTES = 16
const MAGIC = Buffer.from('NEXU')
const FINGERPRINT_BYTES = 16
const SIGNED_BYTES = 10 + STORE_ID_BYTES + SALT_BYTES + FINGERPRINT_BYTES
export const SUPERBLOCK_BYTES = SIGNED_BYTES + DIGEST_BYTES

/** OWASP's first choice for scrypt: N 2^17, r 8, p 1 (128 MiB). */
const SCRYPT = { logN: 17, r: 8, p: 1 }
/** 2 GiB, and sixteen times over. */
const SCRYPT_MAX = { logN: 20, r: 16, p: 16 }
const UNSTRETCHED = { logN: 0, r: 0, p: 0 }

/** Base64 (either alphabet) or hex of 32 bytes.
 *  @throws StoreError key_malformed */
export function parseKey (text: string): Buffer {
  const trimmed = text.trim()
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64')
  if (bytes.length !== KEY_BYTES || !/^[\w+/-]+=*$/.test(trimmed)) throw new StoreError('key_malformed')
  return bytes
}

export function createSuperblock (source: MasterKeySource): { superblock: Superblock, masterKey: Buffer } {
  const storeId = randomBytes(STORE_ID_BYTES)
  const salt = randomBytes(SALT_BYTES)
  const kdf = source.kind === 'passphrase' ? SCRYPT : UNSTRETCHED
  const masterKey = masterKeyOf(source, { kdf, salt })
  return { superblock: { storeId, kdf, salt, fingerprint: fingerprintOf(masterKey, storeId) }, masterKey }
}

/** @throws StoreError key_wrong */
export function unlock (source: MasterKeySource, superblock: Superblock): Buffer {
  const stretched = superblock.kdf.logN > 0
  if (stretched !== (source.kind === 'passphrase')) {
    throw new StoreError('key_wrong', { hint: stretched ? hints.byPassphrase : hints.byKey })
  }
  const masterKey = masterKeyOf(source, superblock)
  if (!fingerprintOf(masterKey, superblock.storeId).equals(superblock.fingerprint)) throw new StoreError('key_wrong')
  return masterKey
}

function masterKeyOf (source: MasterKeySource, { kdf, salt }: Pick<Superblock, 'kdf' | 'salt'>): Buffer {
  if (source.kind === 'key') return source.bytes
  return stretch(source.text, { n: 2 ** kdf.logN, r: kdf.r, p: kdf.p, salt })
}

function fingerprintOf (masterKey: Buffer, storeId: Buffer): Buffer {
  return hmac(asKey(masterKey), 'nexu/1/fingerprint/', storeId).subarray(0, FINGERPRINT_BYTES)
}

/** magic 4 | format version 2 | log N 1 | reserved 1 | r 1 | p 1 | store id 16 | salt 32 | fingerprint 16 |
 *  SHA-256 of all before. */
export function encodeSuperblock ({ storeId, kdf, salt, fingerprint }: Superblock): Buffer {
  const head = Buffer.alloc(10)
  MAGIC.copy(head)
  head.writeUInt16BE(FORMAT_VERSION, 4)
  head.writeUInt8(kdf.logN, 6)
  head.writeUInt8(kdf.r, 8)
  head.writeUInt8(kdf.p, 9)
  const signed = Buffer.concat([head, storeId, salt, fingerprint])
  return Buffer.concat([signed, sha256(signed)])
}

/** @throws StoreError store_damaged, format_unknown */
export function decodeSuperblock (bytes: Buffer, place: string): Superblock {
  const damaged = (why: string) => new StoreError('store_damaged', {
    place: `${place}: ${why}`, hint: hints.superblockCopy
  })
  if (bytes.length < 6 || !bytes.subarray(0, 4).equals(MAGIC)) throw damaged('not the head of a store')
  const signed = bytes.subarray(0, SIGNED_BYTES)
  if (bytes.length < SUPERBLOCK_BYTES || !sha256(signed).equals(bytes.subarray(SIGNED_BYTES, SUPERBLOCK_BYTES))) {
    // A later format may be longer, so its version is told even where this checksum can't be.
    const version = bytes.readUInt16BE(4)
    if (bytes.length !== SUPERBLOCK_BYTES && version !== FORMAT_VERSION) throw unknown(version)
    throw damaged('its checksum fails')
  }
  if (bytes.readUInt16BE(4) !== FORMAT_VERSION) throw unknown(bytes.readUInt16BE(4))
  const kdf = { logN: signed.readUInt8(6), r: signed.readUInt8(8), p: signed.readUInt8(9) }
  if (!isBearable(kdf)) throw damaged('its parameters would stretch a key for ever')
  return {
    kdf,
    storeId: Buffer.from(signed.subarray(10, 10 + STORE_ID_BYTES)),
    salt: Buffer.from(signed.subarray(10 + STORE_ID_BYTES, SIGNED_BYTES - FINGERPRINT_BYTES)),
    fingerprint: Buffer.from(signed.subarray(SIGNED_BYTES - FINGERPRINT_BYTES))
  }
}

/** The checksum is no seal: whoever writes there may ask for any amount of memory and time. */
function isBearable ({ logN, r, p }: Superblock['kdf']): boolean {
  return logN === 0 || (logN <= SCRYPT_MAX.logN && r >= 1 && r <= SCRYPT_MAX.r && p >= 1 && p <= SCRYPT_MAX.p)
}

const unknown = (version: number) => new StoreError('format_unknown', { place: `format ${version}; this version reads format ${FORMAT_VERSION}` })
