import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { Entry, Store } from '../../storage/index.js'
import { AppError } from '../errors.js'
import { type SigningKeyDocument, signingKeyDocuments as documents } from './documents.js'
import { limits } from './limits.js'

export interface SigningKey { number: number, kid: string, createdAt: number, x: string, publicKey: KeyObject, privateKey: KeyObject }

/** The keys that access tokens are signed with. The newest signs, until it is old and gets a successor; older
 *  ones verify until the last token that they signed has ended. All of them live in the store, sealed. */
export async function createSigningKeys (store: Store, now: () => number = Date.now) {
  const keys = new Map<number, SigningKey>()

  function take (number: number, entry: Entry | null): void {
    const document = documents.read(String(number), entry)
    if (document === null) keys.delete(number)
    else keys.set(number, open(document))
  }

  const end = store.subscribe(({ changes }) => {
    for (const { key: [collection, number], entry } of changes) {
      if (collection === 'signing-keys' && typeof number === 'number') take(number, entry)
    }
  })
  for await (const { key: [, number], entry } of store.scan({ prefix: ['signing-keys'] })) take(Number(number), entry)

  const newest = (): SigningKey | undefined => [...keys.values()].reduce<SigningKey | undefined>(newer, undefined)

  /** Two who make the same number at once get one key: the second finds it when its turn comes. */
  async function make (number: number): Promise<void> {
    const draft = await generate(number, now())
    const retired = number === 1 ? [] : outlived([...keys.values()], now())
    await store.commit([documents.key(draft.id)], (current) =>
      current.get(documents.key(draft.id)) === null
        ? { puts: [documents.put(draft)], deletes: retired.map(({ number }) => documents.key(String(number))), result: undefined }
        : { result: undefined })
  }

  /** A new key signs from now on, and keys that no living token needs are deleted. */
  const rotate = (): Promise<void> => make((newest()?.number ?? 0) + 1)

  async function signing (): Promise<SigningKey> {
    const key = newest()
    if (key !== undefined && now() - key.createdAt < limits.signingKeyMs) return key
    await rotate()
    const next = newest()
    if (next === undefined) throw new AppError('internal')
    return next
  }

  await signing()

  return {
    /** The key to sign with. */
    signing,
    find: (kid: string): SigningKey | undefined => [...keys.values()].find((key) => key.kid === kid),
    /** The public halves, as `/.well-known/jwks.json` shows them (RFC 7517). */
    jwks: () => ({ keys: [...keys.values()].map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid, x })) }),
    rotate,
    close: end
  }
}

const newer = (one: SigningKey | undefined, other: SigningKey): SigningKey => one === undefined || other.number > one.number ? other : one

/** A key is needed for as long as a token lives that was signed just before its successor came. */
function outlived (keys: SigningKey[], now: number): SigningKey[] {
  return keys.filter(({ number }) => keys.some((next) => next.number > number && next.createdAt + limits.accessTokenMs < now))
}

async function generate (number: number, createdAt: number): Promise<SigningKeyDocument> {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x })
  return { id: String(number), createdAt, kid, x, d }
}

function open ({ id, kid, createdAt, x, d }: SigningKeyDocument): SigningKey {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x }
  return {
    number: Number(id),
    kid,
    createdAt,
    x,
    publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
    privateKey: createPrivateKey({ key: { ...jwk, d }, format: 'jwk' })
  }
}
