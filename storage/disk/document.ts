import { deriveKey, SALT_BYTES, NONCE_BYTES, DIGEST_BYTES, randomBytes, sameBytes, seal, sha256, TAG_BYTES, unseal } from '../cipher.js'

/** Small sealed files that are written whole: keyring, manifest, claim, lease, anchor slot. */
export const DOCUMENT_KINDS = { keyring: 1, manifest: 2, claim: 3, lease: 4, anchor: 5 } as const
export type DocumentKind = keyof typeof DOCUMENT_KINDS

const MAGIC = Buffer.from('NXD1')
const HEAD_BYTES = 8 + SALT_BYTES
const PAD_BYTES = 64
/** Each document has a key of its own, from its own random salt, that seals exactly once. */
const ONLY_NONCE = Buffer.alloc(NONCE_BYTES)

/** What a document belongs to: `name` and store are sealed into it, so that it opens nowhere else. */
export interface DocumentPlace { kind: DocumentKind, name: string, storeId: Buffer }

export type OpenedDocument =
  | { verdict: 'good', value: unknown }
  /** Its own checksum fails: damaged or torn. */
  | { verdict: 'damaged' }
  /** Whole, but not sealed for this place with this key. */
  | { verdict: 'sealed otherwise' }

/** magic 4 | kind 1 | length 3 | salt 32 | ciphertext, tag | SHA-256 of all before. `bytesMin` pads the
 *  JSON, so that a file that is written again and again keeps its size. */
export function sealDocument (key: Buffer, place: DocumentPlace, value: unknown, bytesMin = 0): Buffer {
  const json = Buffer.from(JSON.stringify(value))
  const size = Math.max(bytesMin, Math.ceil(json.length / PAD_BYTES) * PAD_BYTES)
  const plain = Buffer.concat([json, Buffer.alloc(size - json.length, ' ')])
  const head = Buffer.concat([MAGIC, Buffer.alloc(4), randomBytes(SALT_BYTES)])
  head.writeUInt8(DOCUMENT_KINDS[place.kind], 4)
  head.writeUIntBE(size + TAG_BYTES, 5, 3)
  const body = Buffer.concat([head, seal(keyOf(key, place, head), ONLY_NONCE, head, plain)])
  return Buffer.concat([body, sha256(body)])
}

/** Nothing may stand behind a document, but in the slot of an anchor, which is larger. */
export function openDocument (key: Buffer, place: DocumentPlace, bytes: Buffer): OpenedDocument {
  const body = checkDocument(place.kind, bytes)
  if (body === null) return { verdict: 'damaged' }
  const head = body.subarray(0, HEAD_BYTES)
  const plain = unseal(keyOf(key, place, head), ONLY_NONCE, head, body.subarray(HEAD_BYTES))
  if (plain === null) return { verdict: 'sealed otherwise' }
  return { verdict: 'good', value: JSON.parse(plain.toString()) }
}

function checkDocument (kind: DocumentKind, bytes: Buffer): Buffer | null {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return null
  if (bytes.readUInt8(4) !== DOCUMENT_KINDS[kind]) return null
  const end = HEAD_BYTES + bytes.readUIntBE(5, 3)
  if (bytes.length < end + DIGEST_BYTES || (kind !== 'anchor' && bytes.length > end + DIGEST_BYTES)) return null
  const body = bytes.subarray(0, end)
  return sameBytes(sha256(body), bytes.subarray(end, end + DIGEST_BYTES)) ? body : null
}

function keyOf (key: Buffer, { kind, name, storeId }: DocumentPlace, head: Buffer) {
  return deriveKey(key, head.subarray(8), Buffer.concat([Buffer.from(`nexu/1/${kind}/${name}/`), storeId]))
}
