import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { limits } from '../../storage/limits.js'
import type { Store } from '../../storage/store.js'
import type { Plan } from './faulty-files.js'
import { codeOf, makeHome, openStore, watcher } from './helper.js'

/** A store whose file calls can be made to fail, and what it acknowledged. */
async function setUp (t: Test) {
  const home = makeHome(t)
  const planFile = join(dirname(home.root), 'plan.json')
  const filesModule = new URL(`./faulty-files.js?plan=${encodeURIComponent(planFile)}`, import.meta.url).href
  const { observer, codes, events } = watcher()
  const options = { filesModule, observer, foldJournalBytes: 20_000, beatMs: 60_000 }
  const store = await openStore(t, home, options)
  const acknowledged = new Set<number>()
  let next = 0

  return {
    store,
    home,
    codes,
    events,
    acknowledged,
    plan: (plan: Plan) => { writeFileSync(planFile, JSON.stringify(plan)) },
    heal: () => { rmSync(planFile, { force: true }) },
    /** The codes of what failed. */
    async write (count: number): Promise<string[]> {
      const failed: string[] = []
      await Promise.all(Array.from({ length: count }, async () => {
        const number = ++next
        try {
          await store.commit([], () => ({ puts: [{ key: ['n', number], value: 'x'.repeat(200) }], result: null }))
          acknowledged.add(number)
        } catch (err) { failed.push(codeOf(err)) }
      }))
      return failed
    },
    async there (of: Store = store): Promise<Set<number>> {
      const found = new Set<number>()
      for await (const { key } of of.scan({ prefix: ['n'] })) found.add(Number(key[1]))
      return found
    }
  }
}

async function writableAgain (store: Store): Promise<boolean> {
  for (let waited = 0; waited < 8000; waited += 20) {
    if (store.stats().writable === 'yes') return true
    await sleep(20)
  }
  return false
}

const KNOWN = ['outcome_unknown', 'store_full', 'store_unavailable']
const faults: Plan[] = (['EIO', 'ENOSPC', 'EDQUOT', 'ESTALE'] as const).flatMap((fault) =>
  (['write', 'fdatasync', 'open'] as const).flatMap((call) => [1, 3].map((nth) => ({ call, nth, fault, forEver: false }))))
faults.push(...(['fsync', 'rename', 'link', 'close'] as const).map((call): Plan => ({ call, nth: 1, fault: 'EIO', forEver: false })))
faults.push({ call: 'write', nth: 1, fault: 'short', forEver: true }, { call: 'fdatasync', nth: 1, fault: 'EIO', forEver: false, path: 'slots' }, { call: 'write', nth: 1, fault: 'ENOSPC', forEver: false, path: 'tables' })

t.test('whatever call fails: nothing acknowledged is lost, who waits is told, and the store goes on', async (t) => {
  const { store, home, write, plan, heal, there, acknowledged } = await setUp(t)
  for (const each of faults) {
    const what = JSON.stringify(each)
    plan(each)
    const failed: string[] = []
    for (let round = 0; round < 6; round++) failed.push(...await write(8))
    heal()
    if (!failed.every((code) => KNOWN.includes(code))) t.fail(`${what}: ${failed.join()}`)
    if (each.fault === 'short' && failed.length > 0) t.fail(`${what}: ${failed.join()}`)
    if (!await writableAgain(store)) t.fail(`${what}: not writable again`)
    if ((await write(4)).length > 0) t.fail(`${what}: writing does not go on`)
    const found = await there()
    const lost = [...acknowledged].filter((number) => !found.has(number))
    if (lost.length > 0) t.fail(`${what}: lost ${lost.join()}`)
  }
  await store.close()
  const again = await openStore(t, home)
  t.strictSame(await there(again), await there(), 'what it served is what is on the disk')
  await again.close()
})

t.test('a full disk: 507 until there is room again, and reading goes on', async (t) => {
  const { store, write, plan, heal, there, acknowledged, codes } = await setUp(t)
  await write(10)
  plan({ call: 'write', nth: 1, fault: 'ENOSPC', forEver: true, path: 'store' })
  t.ok((await write(5)).every((code) => code === 'store_full'))
  await sleep(1000)
  t.equal(store.stats().writable, 'full')
  t.strictSame(await write(2), ['store_full', 'store_full'])
  t.ok((await there()).size >= 10)
  t.ok(codes().includes('reopen_failed'))
  heal()
  t.ok(await writableAgain(store))
  t.strictSame(await write(5), [])
  t.strictSame([...acknowledged].filter((number) => number > 0).length, 15)
  t.ok(codes().includes('reopened'))
})

t.test('a sync that takes too long is answered, and what it wrote is seen later', async (t) => {
  const { store, write, plan, there } = await setUp(t)
  await write(1)
  plan({ call: 'fdatasync', nth: 1, fault: 'slow', forEver: false, ms: limits.commitDeadlineMs + 1500, path: 'journal' })
  const started = performance.now()
  const seen: number[] = []
  store.subscribe(({ sequence }) => { seen.push(sequence) })
  const [first, second] = await Promise.all([write(1), sleep(100).then(() => write(1))])
  t.strictSame([first, second], [['outcome_unknown'], ['outcome_unknown']])
  t.ok(performance.now() - started < limits.commitDeadlineMs + 1000)
  t.strictSame(await write(1), ['store_unavailable'], 'nothing more is taken meanwhile')
  await sleep(2000)
  t.strictSame([...await there()], [1, 2, 3])
  t.strictSame(seen, [2, 3])
  t.strictSame(await write(1), [])
})

t.test('a share that hangs does not hold up the end', async (t) => {
  const { store, write, plan } = await setUp(t)
  plan({ call: 'fdatasync', nth: 1, fault: 'slow', forEver: false, ms: 12_000, path: 'journal' })
  const begun = write(1)
  await sleep(50)
  const started = performance.now()
  await store.close()
  t.ok(performance.now() - started < 2.5 * limits.commitDeadlineMs, `closed after ${Math.round(performance.now() - started)} ms`)
  t.strictSame(await begun, ['outcome_unknown'])
})
