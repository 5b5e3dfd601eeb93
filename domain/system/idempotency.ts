import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { Change, Current, Json, Key, Store } from '../../storage/store.js'
import type { Caller } from '../caller.js'
import { documentReader } from '../document.js'
import { AppError } from '../errors.js'

/** How long the same key means the same request. */
export const idempotencyLimits = { keptMs: 24 * 60 * 60 * 1000 }

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
export async function once<A extends TSchema> (store: Store, { caller, key, request, now }: Repeatable, answer: A, keys: readonly Key[],
  build: (current: Current, sequence: number) => Change<Static<A> & Json>): Promise<{ result: Static<A>, replayed: boolean }> {
  if (key === undefined) return { result: await store.commit<Static<A>>(keys, build), replayed: false }

  const place: Key = ['idempotency', caller.userId, store.blind('idempotency', key)]
  const fingerprint = store.blind('idempotency-request', JSON.stringify(request))
  const readAnswer = documentReader('idempotency', answer)

  return store.commit([...keys, place], (current, sequence): Change<{ result: Static<A>, replayed: boolean }> => {
    const entry = current.get(place)
    const before = entry === null ? null : decodeRemembered(entry.value)
    if (entry !== null && entry.personal !== null && before !== null && now - before.at < idempotencyLimits.keptMs) {
      if (before.fingerprint !== fingerprint) throw new AppError('idempotency_key_reused')
      return { result: { result: readAnswer(entry.personal), replayed: true } }
    }
    const change = build(current, sequence)
    const remembered = { key: place, value: { v: 1, fingerprint, at: now }, personal: change.result, subjects: [`user:${caller.userId}`] as const }
    return { ...change, puts: [...change.puts ?? [], remembered], result: { result: change.result, replayed: false } }
  })
}
