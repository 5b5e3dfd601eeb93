import {
  createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hkdfSync, randomBytes, scryptSync,
  timingSafeEqual, type KeyObject
} from 'node:crypto'

/** The only module that calls ciphers. AES-256-GCM with a 12-byte nonce and a whole 16-byte tag
 *  (NIST SP 800-38D), HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104), scrypt (RFC 7914). */
export const KEY_BYTES = 32
export const NONCE_BYTES = 12
export const TAG_BYTES = 16
export const DIGEST_BYTES = 32
export const SALT_BYTES = 32

export { randomBytes, type KeyObject }

export interface ScryptParameters { n: number, r: number, p: number, salt: Buffer }

const STOCK_BYTES = 4096
let stock = Buffer.alloc(0)
let used = 0

/** Random bytes for a nonce or another part of what leaves the process at once. They come from a stock, for
 *  asking the system for twelve bytes costs as much as asking for thousands; none is given twice. What is
 *  secret takes `randomBytes`, whose memory is its own. */
export function freshBytes (length: number): Buffer {
  if (used + length > stock.length) {
    stock = randomBytes(STOCK_BYTES)
    used = 0
  }
  used += length
  return stock.subarray(used - length, used)
}

/** ciphertext | tag. The caller sees to it that a key never meets the same nonce twice. */
export function seal (key: KeyObject, nonce: Buffer, aad: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** The plaintext, or null where key, nonce, aad or bytes are not those that were sealed. */
export function unseal (key: KeyObject, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer | null {
  const end = sealed.length - TAG_BYTES
  if (end < 0) return null
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(aad).setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(0, end))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch { return null }
}

/** A 32-byte key for one purpose. `info` says which; two purposes never share one. */
export function deriveKey (key: Buffer, salt: Buffer, info: Buffer | string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, info, KEY_BYTES)))
}

export function hmac (key: Buffer | KeyObject, ...parts: (Buffer | string)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

export function sha256 (...parts: (Buffer | string)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** About a third of a second and 128 MiB with the parameters of `master-key.ts`. */
export function stretch (passphrase: string, { n, r, p, salt }: ScryptParameters): Buffer {
  return scryptSync(passphrase.normalize('NFKC'), salt, KEY_BYTES, { N: n, r, p, maxmem: 256 * n * r })
}

export function sameBytes (a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

export const asKey = (bytes: Buffer): KeyObject => createSecretKey(bytes)
