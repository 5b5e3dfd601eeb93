import { Type } from '@sinclair/typebox'
import type { Change, Current, Entry, Json, Key, Store } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { documentReader } from '../document.js'
import { AppError } from '../errors.js'

/** How long the same key means the same request, and how many others a new one looks at. */
export const idempotencyLimits = { keptMs: 24 * 60 * 60 * 1000, keysSwept: 8 }

const Remembered = Type.Object({ v: Type.Literal(1), fingerprint: Type.String(), at: Type.Integer({ minimum: 0 }) })
const decodeRemembered = documentReader('idempotency', Remembered)

export interface Repeatable {
  caller: Caller
  /** What the client sent as `Idempotency-Key`; without one, every request is a new one. */
  key: string | undefined
  /** What is asked for: the same key with another request is an error. */
  request: Json
  /** Milliseconds since 1970. */
  now: number
}

/** A commit whose answer is kept in the effect's own batch, so that no crash can part the two: the same
 *  request with the same key within a day gets the same answer and does nothing. Two at once are no
 *  conflict, since the second one's build sees the first one's answer. Keep names and texts out of the
 *  answer: ids are enough to read the rest again, and what is deleted meanwhile stays deleted. */
export async function once<A extends Json> (store: Store, { caller, key, request, now }: Repeatable, readAnswer: (stored: unknown) => A, keys: readonly Key[],
  build: (current: Current, sequence: number) => Change<A>): Promise<{ result: A, replayed: boolean }> {
  if (key === undefined) return { result: await store.commit(keys, build), replayed: false }

  const place: Key = ['idempotency', caller.userId, store.blind('idempotency', key)]
  const fingerprint = store.blind('idempotency-request', JSON.stringify(request))
  const others = await someBehind(store, place)
  const isOver = (entry: Entry | null): boolean => entry !== null && now - decodeRemembered(entry.value).at >= idempotencyLimits.keptMs

  return store.commit([...keys, place, ...others], (current, sequence): Change<{ result: A, replayed: boolean }> => {
    const entry = current.get(place)
    if (entry !== null && entry.personal !== null && !isOver(entry)) {
      if (decodeRemembered(entry.value).fingerprint !== fingerprint) throw new AppError('idempotency_key_reused')
      return { result: { result: readAnswer(entry.personal), replayed: true } }
    }
    const { puts = [], deletes = [], result } = build(current, sequence)
    const remembered = { key: place, value: { v: 1, fingerprint, at: now }, personal: result, subjects: [`user:${caller.userId}`] as const }
    return { puts: [...puts, remembered], deletes: [...deletes, ...others.filter((other) => isOver(current.get(other)))], result: { result, replayed: false } }
  })
}

/** The same user's next keys. In the order of their digests those are as good as drawn by lot, so each new
 *  key forgets some old ones, and nobody has to go round. */
async function someBehind (store: Store, [collection, user = '', digest = '']: Key): Promise<Key[]> {
  const found: Key[] = []
  for await (const { key } of store.scan({ prefix: [collection, user], after: digest }, { limit: idempotencyLimits.keysSwept })) found.push(key)
  return found
}
