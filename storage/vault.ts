import { asKey, deriveKey, freshBytes, KEY_BYTES, NONCE_BYTES, randomBytes, seal, sha256, unseal, type KeyObject } from './cipher.js'
import { StoreError } from './errors.js'
import { limits } from './limits.js'
import type { Json, Subject, Subjects } from './store.js'

/** A subject's key as it is stored: which wrapper of the keyring sealed it, and nonce | key | tag. */
export type WrappedKey = readonly [wrapper: number, sealed: string]

export const WRAPPERS = 256

export type Vault = ReturnType<typeof createVault>

const PERSONAL = 'nexu/1/personal'

/** Seals what is personal under the keys of its subjects, so that destroying one key ends every copy.
 *  `find` gives the stored key of a subject (or null: unknown, or erased). */
export function createVault (storeId: Buffer, wrappers: readonly Buffer[], find: (subject: Subject) => WrappedKey | null) {
  const wrapperKeys = wrappers.map(asKey)
  /** One key for each list of subjects, the last used at the end. */
  const derived = new Map<string, KeyObject>()

  function makeKey (subject: Subject, made: Map<Subject, WrappedKey>): WrappedKey {
    const wrapper = sha256(subject)[0] ?? 0
    const nonce = randomBytes(NONCE_BYTES)
    const sealed = Buffer.concat([nonce, seal(wrapperOf(wrapper), nonce, placeOf(subject), randomBytes(KEY_BYTES))])
    const wrapped: WrappedKey = [wrapper, sealed.toString('base64')]
    made.set(subject, wrapped)
    return wrapped
  }

  function unwrapKey (subject: Subject, [wrapper, text]: WrappedKey): Buffer {
    const bytes = Buffer.from(text, 'base64')
    const key = unseal(wrapperOf(wrapper), bytes.subarray(0, NONCE_BYTES), placeOf(subject), bytes.subarray(NONCE_BYTES))
    if (key === null) throw new StoreError('store_damaged', { place: `key of ${subject}` })
    return key
  }

  function wrapperOf (index: number): KeyObject {
    const key = wrapperKeys[index]
    if (key === undefined) throw new StoreError('store_damaged', { place: `wrapper ${index}` })
    return key
  }

  const placeOf = (subject: Subject) => Buffer.concat([storeId, Buffer.from(`nexu/1/subject/${subject}`)])
  const aadOf = (key: string, version: number) => Buffer.concat([storeId, Buffer.from(`${version}/${key}`)])

  function remember (name: string, key: KeyObject): KeyObject {
    derived.delete(name)
    derived.set(name, key)
    if (derived.size > limits.derivedKeysMax) derived.delete(derived.keys().next().value ?? name)
    return key
  }

  /** The key for these subjects; null where one of them has none, unless `made` takes up a new one. */
  function keyFor (subjects: Subjects, made?: Map<Subject, WrappedKey>): KeyObject | null {
    const name = JSON.stringify(subjects)
    const known = derived.get(name)
    if (known !== undefined) return remember(name, known)
    const parts: Buffer[] = []
    for (const subject of subjects) {
      const wrapped = find(subject) ?? made?.get(subject) ?? (made === undefined ? null : makeKey(subject, made))
      if (wrapped === null) return null
      parts.push(unwrapKey(subject, wrapped))
    }
    return remember(name, deriveKey(Buffer.concat(parts), storeId, `${PERSONAL}/${name}`))
  }

  return {
    /** Base64 of nonce | ciphertext | tag. Makes the key of a subject that has none; the keys that one
     *  batch makes are gathered in `made`, which the caller stores with it. */
    seal (key: string, version: number, subjects: Subjects, json: string, made: Map<Subject, WrappedKey>): string {
      const sealingKey = keyFor(subjects, made)
      if (sealingKey === null) throw new StoreError('misuse', { place: 'personal part without subjects' })
      const nonce = freshBytes(NONCE_BYTES)
      return Buffer.concat([nonce, seal(sealingKey, nonce, aadOf(key, version), Buffer.from(json))]).toString('base64')
    },

    /** The personal part, or null once a subject is erased.
     *  @throws StoreError store_damaged where the keys are there and the bytes are not what was sealed */
    open (key: string, version: number, subjects: Subjects, sealed: string): Json {
      const openingKey = keyFor(subjects)
      if (openingKey === null) return null
      const bytes = Buffer.from(sealed, 'base64')
      const plain = unseal(openingKey, bytes.subarray(0, NONCE_BYTES), aadOf(key, version), bytes.subarray(NONCE_BYTES))
      if (plain === null) throw new StoreError('store_damaged', { place: `personal part of sequence ${version}` })
      return JSON.parse(plain.toString()) as Json
    },

    /** Drops every key at hand: after a failed group (its new keys never became durable) or an erasure. */
    forget (): void { derived.clear() }
  }
}
