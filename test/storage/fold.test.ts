import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { createStoreFiles } from '../../storage/disk/create.js'
import { files } from '../../storage/disk/files.js'
import { fold } from '../../storage/disk/fold.js'
import type { Owner } from '../../storage/disk/owner.js'
import { parseLines } from '../../storage/disk/padding.js'
import { placesOf } from '../../storage/disk/places.js'
import { encodeKey } from '../../storage/keys.js'
import { limits } from '../../storage/limits.js'
import type { Key } from '../../storage/store.js'
import { homeIn, key, look, makeHome, openStore, own, rowsOf, strict, watcher, type Home } from './helper.js'
import { createMemoryDisk, type MemoryDisk } from './memory-disk.js'

type Step = { kind: 'batch', puts: [number, number][], deletes: number[] } | { kind: 'fold', before: Step[] } | { kind: 'restart' }

const keyOf = (n: number): Key => n % 2 === 0 ? ['k', n] : ['k', String(n), n]
const batch = fc.record({ kind: fc.constant('batch' as const), puts: fc.array(fc.tuple(fc.nat(12), fc.nat(9)), { maxLength: 4 }), deletes: fc.array(fc.nat(12), { maxLength: 2 }) })
const step: fc.Arbitrary<Step> = fc.oneof({ weight: 5, arbitrary: batch }, { weight: 2, arbitrary: fc.record({ kind: fc.constant('fold' as const), before: fc.array(batch, { maxLength: 3 }) }) }, fc.record({ kind: fc.constant('restart' as const) }))

/** The store and a Map live through the same steps. */
async function live (home: Home, disk: MemoryDisk, steps: readonly Step[]): Promise<{ found: string, wanted: string }> {
  const { files } = disk
  const model = new Map<string, unknown>()
  let sequence = 0
  let owner = await own(home, { files })

  function apply ({ puts, deletes }: Extract<Step, { kind: 'batch' }>) {
    sequence++
    const rows = puts.map(([n, value]) => [keyOf(n), value])
    owner.journal.append(sequence, Buffer.from(`${JSON.stringify([sequence, rows, deletes.map(keyOf)])}\n`))
    for (const [n, value] of puts) model.set(JSON.stringify(keyOf(n)), value)
    for (const n of deletes) model.delete(JSON.stringify(keyOf(n)))
  }

  function foldNow (owner: Owner, meanwhile: readonly Step[]) {
    const job = owner.journal.startFold()
    for (const each of meanwhile) if (each.kind === 'batch') apply(each)
    owner.journal.finishFold(fold({ files, places: placesOf(home.root, home.anchor), keys: owner.unlocked.keys }, job, 1))
  }

  for (const each of steps) {
    if (each.kind === 'batch') apply(each)
    else if (each.kind === 'fold') foldNow(owner, each.before)
    else {
      await owner.close()
      owner = await own(home, { files })
    }
  }
  await owner.close()
  const text = (rows: Map<string, unknown>) => JSON.stringify([...rows].sort())
  return { found: text(rowsOf(look(home, strict, files))), wanted: text(model) }
}

t.test('folds and restarts in any order: the store is what a Map would be', async (t) => {
  // In memory, but for the owner's socket, so the paths are those of a real folder.
  const real = homeIn(t.testdir({}))
  mkdirSync(real.anchor)
  const disk = createMemoryDisk()
  disk.files.mkdir(dirname(real.root))
  createStoreFiles(real.root, real.anchor, key, disk.files)
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const { found, wanted } = await live(real, disk.crash('all kept'), steps)
    return found === wanted
  }), { numRuns: 60 })
})

t.test('a table is in order, without overlap, and in several files where it is large', async (t) => {
  const home = makeHome(t)
  const owner = await own(home)
  const value = 'x'.repeat(limits.batchCharactersMax - 200)
  for (let n = 1; n <= 75; n++) owner.journal.append(n, Buffer.from(`${JSON.stringify([n, [[['big', n % 70], value]], []])}\n`))
  const places = placesOf(home.root, home.anchor)
  const job = owner.journal.startFold()
  t.ok(job.journals.length > 1, 'a full journal was followed by another')
  owner.journal.finishFold(fold({ files, places, keys: owner.unlocked.keys }, job, 1))
  await owner.close()
  const state = look(home)
  t.equal(state.manifest.tables.length, 2)
  t.ok(state.manifest.tables.every(({ bytes }) => bytes <= limits.fileBytesMax + limits.frameBytesMax))
  const keys = state.tables.flatMap((plain) => parseLines(plain)).map((line) => encodeKey((line as [Key])[0]))
  t.strictSame(keys, [...new Set(keys)].sort())
  t.equal(keys.length, 70)
})

t.test('folding beside commits keeps journals few, and every row', async (t) => {
  const home = makeHome(t)
  const { observer, codes } = watcher()
  const store = await openStore(t, home, { observer, foldJournalBytes: 30_000 })
  const folds = () => codes().filter((code) => code === 'folded').length
  let round = 0
  // A fold takes what time it takes; commits go on beside it, so that another one is due.
  for (; round < 60 || (folds() < 2 && round < 3000); round++) {
    await Promise.all(Array.from({ length: 8 }, (_, n) => store.commit([], () => ({ puts: [{ key: ['n', round % 20, n], value: { round, text: 'x'.repeat(200) } }], result: null }))))
  }
  const lastOf19 = round - 1 - ((round - 1 - 19) % 20)
  await store.close()
  t.ok(folds() >= 2, codes().join())
  const again = await openStore(t, home)
  t.equal(again.stats().keys, 160)
  t.match((await again.get(['n', 19, 7]))?.value, { round: lastOf19 })
  await again.close()
})

t.test('what was deleted leaves the share in time, however little is written', async (t) => {
  const home = makeHome(t)
  const { observer, codes } = watcher()
  const store = await openStore(t, home, { observer, foldAgeMs: 50, beatMs: 20 })
  await store.commit([], () => ({ puts: [{ key: ['n', 1], value: { text: 'x' } }, { key: ['n', 2], value: {} }], result: null }))
  await store.commit([], () => ({ deletes: [['n', 1]], result: null }))
  for (let tries = 0; !codes().includes('folded') && tries < 500; tries++) await new Promise((resolve) => { setTimeout(resolve, 10) })
  t.ok(codes().includes('folded'), 'nothing else made it due')
  await new Promise((resolve) => { setTimeout(resolve, 200) })
  const folds = codes().filter((code) => code === 'folded').length
  await new Promise((resolve) => { setTimeout(resolve, 200) })
  t.equal(codes().filter((code) => code === 'folded').length, folds, 'an idle store is left alone')
  await store.close()
  const again = await openStore(t, home)
  t.equal(await again.get(['n', 1]), null)
  t.match((await again.get(['n', 2]))?.value, {})
  await again.close()
})
