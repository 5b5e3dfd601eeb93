import { deriveKey, DIGEST_BYTES, hmac, NONCE_BYTES, randomBytes, SALT_BYTES, sameBytes, seal, sha256, TAG_BYTES, unseal, type KeyObject } from '../cipher.js'
import { limits } from '../limits.js'
import { pad } from './padding.js'

/** Files of sealed frames, each bound to its place by a running hash: journals and tables. The bytes are
 *  drawn in FORMAT.md. */
export const FILE_KINDS = { journal: 1, table: 2 } as const

export interface FileHead {
  kind: keyof typeof FILE_KINDS
  /** Which data key of the keyring. */
  term: number
  /** Of the owner that made the file. */
  generation: number
  /** Journal: the sequence before its first batch. Table: the newest sequence that it stands for. */
  sequence: number
  /** The chain hash at that sequence. */
  previous: Buffer
}

export interface FileKeys { storeId: Buffer, dataKey (term: number): Buffer | null }

export interface FrameWriter {
  readonly head: Buffer
  /** The next frame's bytes. The chain moves on with it: write it, or give the file up. */
  frame (sequence: number, lines: Buffer): Buffer
  /** The running hash over all frames so far. */
  chain (): Buffer
  frames (): number
}

export interface OpenedFile {
  head: FileHead
  /** The chain hash before the first frame. */
  chain: Buffer
  /** Offset of the first frame. */
  start: number
  /** The frame at `offset`, or null where no whole, valid one is. */
  frameAt (offset: number, number: number, chain: Buffer): Frame | null
}

export interface Frame { sequence: number, plain: Buffer, chain: Buffer, end: number }

const MAGIC = Buffer.from('NXF1')
const MAC_BYTES = 16
const SIGNED_BYTES = 8 + SALT_BYTES + 12 + DIGEST_BYTES
export const HEAD_BYTES = SIGNED_BYTES + MAC_BYTES
export const PREFIX_BYTES = 24

/** The head of a new file with a fresh salt, and what seals frames after it.
 *  Head: magic 4 | kind 1 | term 3 | salt 32 | generation 4 | sequence 8 | previous 32 | MAC 16. */
export function createFrames (keys: FileKeys, { kind, term, generation, sequence, previous }: FileHead): FrameWriter {
  const dataKey = keys.dataKey(term)
  if (dataKey === null) throw new Error(`no data key of term ${term}`)
  const signed = Buffer.alloc(SIGNED_BYTES)
  MAGIC.copy(signed)
  signed.writeUInt8(FILE_KINDS[kind], 4)
  signed.writeUIntBE(term, 5, 3)
  randomBytes(SALT_BYTES).copy(signed, 8)
  signed.writeUInt32BE(generation, 8 + SALT_BYTES)
  signed.writeBigUInt64BE(BigInt(sequence), 12 + SALT_BYTES)
  previous.copy(signed, 20 + SALT_BYTES)
  const { frameKey, macKey } = fileKeys(keys, dataKey, signed)
  const head = Buffer.concat([signed, hmac(macKey, signed).subarray(0, MAC_BYTES)])
  let chain = sha256(head)
  let number = 0

  return {
    head,
    frame (last, lines) {
      const plain = pad(lines)
      const prefix = randomBytes(PREFIX_BYTES)
      prefix.writeUInt32BE(plain.length + TAG_BYTES, 0)
      prefix.writeUInt32BE(number++, 12)
      prefix.writeBigUInt64BE(BigInt(last), 16)
      const sealed = seal(frameKey, nonceOf(prefix), Buffer.concat([prefix, chain]), plain)
      chain = sha256(chain, prefix, sealed)
      return Buffer.concat([prefix, sealed])
    },
    chain: () => chain,
    frames: () => number
  }
}

/** Checks the head and gives what opens the frames; null where the head is not one that this store made. */
export function openFrames (keys: FileKeys, bytes: Buffer): OpenedFile | null {
  const head = readHead(bytes)
  const dataKey = head === null ? null : keys.dataKey(head.term)
  if (head === null || dataKey === null) return null
  const signed = bytes.subarray(0, SIGNED_BYTES)
  const { frameKey, macKey } = fileKeys(keys, dataKey, signed)
  if (!sameBytes(hmac(macKey, signed).subarray(0, MAC_BYTES), bytes.subarray(SIGNED_BYTES, HEAD_BYTES))) return null

  return {
    head,
    chain: sha256(bytes.subarray(0, HEAD_BYTES)),
    start: HEAD_BYTES,
    frameAt (offset, number, chain) {
      const body = offset + PREFIX_BYTES
      if (body > bytes.length) return null
      const prefix = bytes.subarray(offset, body)
      const length = prefix.readUInt32BE(0)
      if (length > limits.frameBytesMax || body + length > bytes.length || prefix.readUInt32BE(12) !== number) return null
      const sealed = bytes.subarray(body, body + length)
      const plain = unseal(frameKey, nonceOf(prefix), Buffer.concat([prefix, chain]), sealed)
      if (plain === null) return null
      return { sequence: Number(prefix.readBigUInt64BE(16)), plain, chain: sha256(chain, prefix, sealed), end: body + length }
    }
  }
}

function readHead (bytes: Buffer): FileHead | null {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return null
  const kind = bytes.readUInt8(4)
  if (kind !== FILE_KINDS.journal && kind !== FILE_KINDS.table) return null
  return {
    kind: kind === FILE_KINDS.journal ? 'journal' : 'table',
    term: bytes.readUIntBE(5, 3),
    generation: bytes.readUInt32BE(8 + SALT_BYTES),
    sequence: Number(bytes.readBigUInt64BE(12 + SALT_BYTES)),
    previous: Buffer.from(bytes.subarray(20 + SALT_BYTES, SIGNED_BYTES))
  }
}

/** A file's own keys: the whole head is in them, so no byte of it can change and the frames still open. */
function fileKeys ({ storeId }: FileKeys, dataKey: Buffer, signed: Buffer): { frameKey: KeyObject, macKey: KeyObject } {
  const salt = signed.subarray(8, 8 + SALT_BYTES)
  const info = (use: string) => Buffer.concat([Buffer.from(`nexu/1/file/${use}/`), storeId, signed])
  return { frameKey: deriveKey(dataKey, salt, info('frame')), macKey: deriveKey(dataKey, salt, info('head')) }
}

/** 64 random bits and the frame's number: bytes 4 to 15 of the prefix. */
const nonceOf = (prefix: Buffer): Buffer => prefix.subarray(4, 4 + NONCE_BYTES)
