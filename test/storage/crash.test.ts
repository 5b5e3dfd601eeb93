import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { createStoreFiles } from '../../storage/disk/create.js'
import type { Files } from '../../storage/disk/files.js'
import { fold } from '../../storage/disk/fold.js'
import type { Owner } from '../../storage/disk/owner.js'
import { placesOf } from '../../storage/disk/places.js'
import { failAt } from './failing-files.js'
import { homeIn, key, lineOf, own, rowsOf, type Home } from './helper.js'
import { createMemoryDisk, type Loss, type MemoryDisk } from './memory-disk.js'

const LOSSES: readonly Loss[] = ['all kept', 'all lost', 'names kept, bytes lost', 'half of the bytes']

/** What a killed process had been told to be durable, and what it had asked for. */
interface Told { acknowledged: number, asked: number }

function append (owner: Owner, told: Told) {
  told.asked++
  owner.journal.append(told.asked, lineOf(told.asked, ['n', told.asked], `value ${told.asked}`))
  told.acknowledged = told.asked
}

/** Opens, writes, folds while writing, and closes: everything that the disk store does to its files. */
async function live (home: Home, files: Files, told: Told) {
  const owner = await own(home, { files, termMs: 10 })
  try {
    append(owner, told)
    append(owner, told)
    const job = owner.journal.startFold()
    append(owner, told)
    const result = fold({ files, places: placesOf(home.root, home.anchor), keys: owner.unlocked.keys }, job, 1)
    append(owner, told)
    owner.journal.finishFold(result)
    append(owner, told)
    owner.ownership.beat()
    await owner.close()
  } finally {
    await owner.ownership.release().catch(() => {})
  }
}

/** Everything acknowledged is there, nothing twice, nothing that nobody asked for, and it goes on. */
async function reopen (home: Home, disk: MemoryDisk, told: Told): Promise<string> {
  const owner = await own(home, { files: disk.files, termMs: 10 })
  const rows = rowsOf(owner.state)
  const count = rows.size
  const wanted = Array.from({ length: count }, (_, index) => [JSON.stringify(['n', index + 1]), `value ${index + 1}`])
  const verdict = count < told.acknowledged
    ? `${told.acknowledged} acknowledged, ${count} there`
    : count > told.asked
      ? `${told.asked} asked for, ${count} there`
      : JSON.stringify([...rows]) !== JSON.stringify(wanted) ? `other rows: ${JSON.stringify([...rows])}` : ''
  told.asked = told.acknowledged = count
  append(owner, told)
  await owner.close()
  return verdict
}

function makeFolder (t: Test): Home {
  const home = homeIn(t.testdir({}))
  // The owner's socket is a real one.
  mkdirSync(home.anchor)
  return home
}

async function makeBase (home: Home): Promise<MemoryDisk> {
  const disk = createMemoryDisk()
  disk.files.mkdir(dirname(home.root))
  disk.files.mkdir(home.anchor)
  createStoreFiles(home.root, home.anchor, key, disk.files)
  await live(home, disk.files, { acknowledged: 0, asked: 0 })
  return disk
}

t.test('a crash at any call of a life: all that was acknowledged is there, and it opens by itself', async (t) => {
  const home = makeFolder(t)
  const base = await makeBase(home)
  const counting = failAt(base.crash('all kept').files, Infinity, 'before', true)
  await live(home, counting.files, { acknowledged: 5, asked: 5 })
  t.ok(counting.calls() > 60, `${counting.calls()} calls that change something`)

  for (let nth = 1; nth <= counting.calls(); nth++) {
    for (const when of ['before', 'after'] as const) {
      const disk = base.crash('all kept')
      const failing = failAt(disk.files, nth, when, true)
      const told = { acknowledged: 5, asked: 5 }
      await live(home, failing.files, told).catch(() => {})
      for (const loss of when === 'before' ? LOSSES : LOSSES.slice(0, 1)) {
        const what = `${when} call ${nth} (${failing.failed()}), ${loss}`
        const verdict = await reopen(home, disk.crash(loss), { ...told }).catch((err: unknown) => String(err))
        if (verdict !== '') t.fail(`${what}: ${verdict}`)
      }
    }
  }
})

t.test('a second crash while recovering', async (t) => {
  const home = makeFolder(t)
  const base = await makeBase(home)
  // Killed between the share's sync and the anchor: one group is there that nobody was told of.
  const disk = base.crash('all kept')
  const told = { acknowledged: 5, asked: 5 }
  const owner = await own(home, { files: disk.files, termMs: 10 })
  append(owner, told)
  const slots = disk.read(placesOf(home.root, home.anchor).slots)
  append(owner, told)
  await owner.ownership.release()
  disk.write(placesOf(home.root, home.anchor).slots, slots)
  told.acknowledged--

  const counting = failAt(disk.crash('all kept').files, Infinity, 'before', true)
  await recover(home, counting.files)
  for (let nth = 1; nth <= counting.calls(); nth++) {
    for (const loss of LOSSES) {
      const twice = disk.crash('all kept')
      const failing = failAt(twice.files, nth, 'before', true)
      await recover(home, failing.files).catch(() => {})
      const verdict = await reopen(home, twice.crash(loss), { ...told }).catch((err: unknown) => String(err))
      if (verdict !== '') t.fail(`before call ${nth} (${failing.failed()}), ${loss}: ${verdict}`)
    }
  }
})

async function recover (home: Home, files: Files) {
  const owner = await own(home, { files, termMs: 10 })
  await owner.ownership.release()
}

t.test('one failed call and no crash: the writer ends, and the next one has all that was acknowledged', async (t) => {
  const home = makeFolder(t)
  const base = await makeBase(home)
  const counting = failAt(base.crash('all kept').files, Infinity, 'before', false)
  await live(home, counting.files, { acknowledged: 5, asked: 5 })
  for (let nth = 1; nth <= counting.calls(); nth++) {
    for (const when of ['before', 'after'] as const) {
      const disk = base.crash('all kept')
      const failing = failAt(disk.files, nth, when, false)
      const told = { acknowledged: 5, asked: 5 }
      await live(home, failing.files, told).catch(() => {})
      const verdict = await reopen(home, disk, told).catch((err: unknown) => String(err))
      if (verdict !== '') t.fail(`${when} call ${nth} (${failing.failed()}): ${verdict}`)
    }
  }
})

t.test('a crash at any call of the making of a store: it can be made again, or it opens', async (t) => {
  const home = makeFolder(t)
  const empty = createMemoryDisk()
  empty.files.mkdir(dirname(home.root))
  const counting = failAt(empty.crash('all kept').files, Infinity, 'before', true)
  createStoreFiles(home.root, home.anchor, key, counting.files)
  for (let nth = 1; nth <= counting.calls(); nth++) {
    for (const loss of LOSSES) {
      const disk = empty.crash('all kept')
      const failing = failAt(disk.files, nth, 'before', true)
      t.throws(() => { createStoreFiles(home.root, home.anchor, key, failing.files) }, { code: 'EIO' })
      const after = disk.crash(loss)
      const what = `call ${nth} (${failing.failed()}), ${loss}`
      if (!after.files.exists(home.root)) createStoreFiles(home.root, home.anchor, key, after.files)
      const verdict = await reopen(home, after, { acknowledged: 0, asked: 0 }).catch((err: unknown) => String(err))
      if (verdict !== '') t.fail(`${what}: ${verdict}`)
    }
  }
})
