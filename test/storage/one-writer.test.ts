import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startWriter } from './child.js'
import { hashTree, key, makeHome, openStore, outcome, own, watcher, type Home } from './helper.js'
import { openDiskStore } from '../../storage/disk/disk-store.js'

const TERM_MS = 400
const BEAT_MS = 100

/** The same share, seen from a machine that has an anchor of its own. */
const elsewhere = ({ root }: Home, name: string): Home => ({ root, anchor: join(dirname(root), `anchor of ${name}`) })
const firstUse = { policy: 'first-use', acceptHead: null } as const

t.test('on the same machine', async (t) => {
  const home = makeHome(t)
  const child = startWriter(t, home, 1)
  await child.says('1 ')
  const held = { code: 'store_held', exitCode: 75, message: new RegExp(`process ${child.process.pid} on ${hostname()}`) }

  await t.test('a second process is refused at once, by name', async (t) => {
    const second = startWriter(t, home, 1)
    t.equal(await second.ended, 75)
    t.match(second.lines.at(-1), `process ${child.process.pid} on ${hostname()}`)
    const started = performance.now()
    await t.rejects(own(home), held)
    t.ok(performance.now() - started < 1000)
  })

  await t.test('a paused one is alive', async (t) => {
    await child.kill('SIGSTOP')
    const before = hashTree(home.root)
    await t.rejects(own(home), held)
    t.equal(hashTree(home.root), before, 'and nothing has changed')
    await child.kill('SIGCONT')
  })

  await t.test('a dead one is followed without a wait', async (t) => {
    await child.kill('SIGKILL')
    const started = performance.now()
    const owner = await own(home, { termMs: 60_000 })
    t.ok(performance.now() - started < 1000)
    t.ok(owner.state.end.sequence >= child.lines.length - 1)
    await owner.close()
  })

  await t.test('of two that start at once one wins, and the other one says who', async (t) => {
    const both = [startWriter(t, home, 0), startWriter(t, home, 0)]
    const first = await Promise.race(both.map(({ ended }) => ended))
    t.equal(first, 75)
    await Promise.any(both.map(({ says }) => says('open')))
    const loser = both.find(({ process }) => process.exitCode === 75)
    t.match(loser?.lines.at(-1), /^error store_held .*process \d+ on/)
    for (const { kill } of both) await kill('SIGKILL')
  })
})

t.test('from another machine', async (t) => {
  const home = makeHome(t)

  await t.test('one that was closed in good order is followed without a wait', async (t) => {
    await (await own(home)).close()
    const started = performance.now()
    await (await own(elsewhere(home, 'machine 1'), { trust: firstUse, termMs: 60_000 })).close()
    t.ok(performance.now() - started < 1000)
  })

  await t.test('one that beats is alive', async (t) => {
    const store = await openStore(t, home, { termMs: TERM_MS, beatMs: BEAT_MS })
    await t.rejects(own(elsewhere(home, 'machine 2'), { trust: firstUse, termMs: TERM_MS }), { code: 'store_held', message: new RegExp(`process ${process.pid} on`) })
    await store.commit([], () => ({ puts: [{ key: ['still'], value: 'mine' }], result: null }))
    await store.close()
  })

  await t.test('a dead one is outwaited for two terms', async (t) => {
    const child = startWriter(t, home, 4, TERM_MS, BEAT_MS)
    await child.says('40 ')
    await child.kill('SIGKILL')
    const { observer, events } = watcher()
    const started = performance.now()
    const owner = await own(elsewhere(home, 'machine 3'), { trust: firstUse, termMs: TERM_MS, observer })
    t.ok(performance.now() - started >= 2 * TERM_MS)
    t.match(events, [{ level: 'warn', code: 'owner_elsewhere', details: { host: hostname() } }])
    t.ok(owner.state.end.sequence >= 40)
    await owner.close()
    // And back: the first machine's anchor is older now, and knows its own past in the later history.
    await (await own(home, { termMs: TERM_MS })).close()
  })

  await t.test('one that was paused too long acknowledges nothing, and ends', async (t) => {
    const child = startWriter(t, home, 4, TERM_MS, BEAT_MS)
    await child.says('open')
    await sleep(200)
    await child.kill('SIGSTOP')
    const other = elsewhere(home, 'machine 4')
    const owner = await own(other, { trust: firstUse, termMs: TERM_MS })
    const taken = owner.state.end.sequence
    owner.journal.append(taken + 1, Buffer.from(`[${taken + 1},[[["mine"],${taken + 1}]],[]]\n`))
    const told = child.lines.length
    await child.kill('SIGCONT')
    t.equal(await child.ended, 75)
    t.equal(child.lines.at(-1), 'fatal store_held')
    // What its pipe still held was acknowledged before the pause.
    const numbers = child.lines.slice(told).flatMap((line) => /^\d+ /.test(line) ? [Number.parseInt(line)] : [])
    t.ok(numbers.every((number) => number <= taken), `told of ${numbers.join()}, taken over at ${taken}`)
    owner.journal.append(taken + 2, Buffer.from(`[${taken + 2},[],[]]\n`))
    await owner.close()
    const again = await own(other, { termMs: TERM_MS })
    t.equal(again.state.end.sequence, taken + 2)
    await again.close()
  })
})

t.test('a woken owner never overwrites its successor\'s manifest', async (t) => {
  const home = makeHome(t)
  const zombie = await own(home)
  zombie.journal.append(1, Buffer.from('[1,[[["a"],1]],[]]\n'))
  const other = elsewhere(home, 'machine 5')
  const successor = await own(other, { trust: firstUse, termMs: 50 })
  successor.journal.append(2, Buffer.from('[2,[[["b"],1]],[]]\n'))
  const before = hashTree(home.root)
  t.equal(await outcome(() => zombie.journal.startFold()), 'store_held')
  t.equal(await outcome(() => zombie.journal.finishFold({ tables: [], head: { sequence: 1, chain: '' }, journals: [] })), 'store_held')
  t.equal(await outcome(() => zombie.journal.append(2, Buffer.from('[2,[],[]]\n'))), 'store_held')
  t.not(hashTree(home.root), before, 'it may leave foreign bytes')
  await zombie.ownership.release()
  await successor.close()
  const again = await own(other)
  t.strictSame(again.state.end.sequence, 2)
  await again.close()
})

t.test('a store in this process whose lease was taken tells that it is over', async (t) => {
  const home = makeHome(t)
  const fatal: string[] = []
  const store = await openDiskStore({ ...home, key, termMs: TERM_MS, beatMs: 60_000, onFatal: ({ code }) => { fatal.push(code) } })
  t.teardown(() => store.close())
  const successor = await own(elsewhere(home, 'machine 6'), { trust: firstUse, termMs: 50 })
  await t.rejects(store.commit([], () => ({ puts: [{ key: ['a'], value: 1 }], result: null })), { code: 'outcome_unknown' })
  t.strictSame(fatal, ['store_held'])
  t.equal(store.stats().writable, 'closed')
  t.equal(await store.get(['a']), null)
  await successor.close()
})
