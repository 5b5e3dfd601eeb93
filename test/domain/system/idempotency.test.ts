import { Type } from '@sinclair/typebox'
import t from 'tap'
import { documentReader } from '../../../domain/document.js'
import { newId } from '../../../domain/ids.js'
import { idempotencyLimits, once } from '../../../domain/system/idempotency.js'
import { createMemoryStore } from '../../../storage/index.js'

const readAnswer = documentReader('answer', Type.Object({ n: Type.Integer() }))

async function build (t: { teardown (work: () => Promise<void>): void }) {
  const store = await createMemoryStore()
  t.teardown(() => store.close())
  let n = 0
  const count = (caller: { userId: string, sessionId: string }, key: string | undefined, request: string, now = 1_000) =>
    once(store, { caller, key, request, now }, readAnswer, [], () => ({ puts: [{ key: ['effects', ++n], value: n }], result: { n } }))
  return { store, count, ana: { userId: newId(), sessionId: newId() }, bea: { userId: newId(), sessionId: newId() } }
}

t.test('the same key gives the same answer and does nothing again', async (t) => {
  const { store, count, ana } = await build(t)
  t.same(await count(ana, 'k', 'r'), { result: { n: 1 }, replayed: false })
  t.same(await count(ana, 'k', 'r'), { result: { n: 1 }, replayed: true })
  t.equal(await store.get(['effects', 2]), null)
})

t.test('many at once are no conflict', async (t) => {
  const { count, ana } = await build(t)
  const answers = await Promise.all(Array.from({ length: 20 }, () => count(ana, 'k', 'r')))
  t.equal(answers.filter(({ replayed }) => !replayed).length, 1)
  t.ok(answers.every(({ result }) => result.n === 1))
})

t.test('effect and answer are in one batch', async (t) => {
  const { store, count, ana } = await build(t)
  const batches: unknown[][] = []
  store.subscribe(({ changes }) => batches.push(changes.map(({ key }) => key[0]).filter((name) => name !== 'subject-keys')))
  await count(ana, 'k', 'r')
  t.same(batches, [['effects', 'idempotency']])
})

t.test('another request, another caller, no key, another day', async (t) => {
  const { count, ana, bea } = await build(t)
  await count(ana, 'k', 'r')
  await t.rejects(count(ana, 'k', 'other'), { code: 'idempotency_key_reused' })
  t.match(await count(bea, 'k', 'r'), { replayed: false })
  t.match(await count(ana, undefined, 'r'), { replayed: false })
  t.match(await count(ana, 'k', 'r', 1_000 + idempotencyLimits.keptMs - 1), { replayed: true })
  t.match(await count(ana, 'k', 'other', 1_000 + idempotencyLimits.keptMs), { replayed: false })
})

t.test('a refusal is not remembered', async (t) => {
  const { store, count, ana } = await build(t)
  const refused = once(store, { caller: ana, key: 'k', request: 'r', now: 1_000 }, readAnswer, [], () => { throw new Error('no') })
  await t.rejects(refused, { message: 'no' })
  t.match(await count(ana, 'k', 'r'), { replayed: false })
})

t.test('the key itself is stored nowhere', async (t) => {
  const { store, count, ana } = await build(t)
  await count(ana, 'MARCA', 'MARCA')
  for await (const { key, entry } of store.scan({ prefix: ['idempotency'] })) t.notMatch(JSON.stringify([key, entry]), /MARCA/)
})

t.test('yesterday\'s keys make room for today\'s', async (t) => {
  const { store, count, ana } = await build(t)
  const kept = async (since: number) => {
    let [old, fresh] = [0, 0]
    for await (const { entry: { value } } of store.scan({ prefix: ['idempotency', ana.userId] })) Number(Object(value).at) < since ? old++ : fresh++
    return { old, fresh }
  }
  for (let i = 0; i < 100; i++) await count(ana, `old ${i}`, 'r')
  const tomorrow = 1_000 + idempotencyLimits.keptMs
  for (let i = 0; i < 100; i++) await count(ana, `new ${i}`, 'r', tomorrow)
  const { old, fresh } = await kept(tomorrow)
  t.equal(fresh, 100, 'none that still counts is forgotten')
  t.ok(old < 25, `${old} of 100 old ones are left`)
})
