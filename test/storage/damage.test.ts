import { mkdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import t, { type Test } from 'tap'
import { createStoreFiles } from '../../storage/disk/create.js'
import { fold } from '../../storage/disk/fold.js'
import type { Owner } from '../../storage/disk/owner.js'
import { placesOf } from '../../storage/disk/places.js'
import { homeIn, key, lineOf, look, own, rowsOf, silent, strict, type Home } from './helper.js'
import { createMemoryDisk, type MemoryDisk } from './memory-disk.js'

/** Damage to these changes nothing that is served, and need not be told: who writes is decided anew at
 *  each start, the reserve says nothing, and a manifest that another one replaced is only kept a while. */
const HARMLESS = [/\/lease$/, /\/claims\/\d+$/, /\/reserve$/]

interface Subject {
  name: string
  home: Home
  disk: MemoryDisk
  /** Rows that were acknowledged, and those that were only asked for. */
  rows: Map<string, unknown>
  asked: Map<string, unknown>
  superseded: RegExp
  /** Where a group was half written: to cut it off there is what `nothing of it was written` looks like. */
  torn: { path: string, length: number } | null
  /** The same store some commits earlier. */
  earlier: MemoryDisk
}

function put (owner: Owner, sequence: number) {
  owner.journal.append(sequence, lineOf(sequence, ['n', sequence], `value ${sequence}`))
}

/** A store with a table, an ended journal and a live one; `crashed`: a group that was synced and not
 *  anchored, and half of another. */
async function make (t: Test, crashed: boolean): Promise<Subject> {
  const home = homeIn(t.testdir({}))
  mkdirSync(home.anchor)
  const disk = createMemoryDisk()
  disk.files.mkdir(dirname(home.root))
  disk.files.mkdir(home.anchor)
  const { files } = disk
  createStoreFiles(home.root, home.anchor, key, files)
  const places = placesOf(home.root, home.anchor)
  const first = await own(home, { files })
  for (let n = 1; n <= 5; n++) put(first, n)
  first.journal.finishFold(fold({ files, places, keys: first.unlocked.keys }, first.journal.startFold(), 1))
  for (let n = 6; n <= 8; n++) put(first, n)
  await first.close()
  const owner = await own(home, { files })
  put(owner, 9)
  const earlier = disk.crash('all kept')
  let torn: Subject['torn'] = null
  put(owner, 10)
  put(owner, 11)
  if (crashed) {
    const slots = disk.read(places.slots)
    put(owner, 12)
    const live = places.journal(owner.journal.manifest().live?.name ?? '')
    torn = { path: live, length: disk.read(live).length }
    disk.write(live, Buffer.concat([disk.read(live), Buffer.from('half a frame')]))
    disk.write(places.slots, slots)
    await owner.ownership.release()
  } else {
    await owner.close()
  }
  const asked = rowsOf(look(home, strict, files))
  const rows = new Map([...asked].slice(0, 11))
  const newest = owner.journal.manifest().number
  return { name: crashed ? 'crashed' : 'closed', home, disk, rows, asked, earlier, torn, superseded: new RegExp(`/manifest\\.${newest - 1}$`) }
}

const same = (a: Map<string, unknown>, b: Map<string, unknown>) => JSON.stringify([...a]) === JSON.stringify([...b])

/** 'refused' and named, 'warned' or 'silent' with all rows there; anything else is a fault. */
function verdictOf ({ home, rows, asked }: Subject, disk: MemoryDisk, paths: readonly string[], quiet: number): string {
  let state
  try {
    state = look(home, strict, disk.files)
  } catch (err) {
    const named = err instanceof Error && paths.some((path) => err.message.includes(basename(path)) || /(NEXU|keyring|manifest)/.exec(path)?.[0] === /(NEXU|keyring|manifest)/.exec(err.message)?.[0])
    return named ? 'refused' : `not named: ${String(err)}`
  }
  const found = rowsOf(state)
  if (!same(found, rows) && !same(found, asked)) return `other rows: ${JSON.stringify([...found])}`
  const told = state.warnings.length > quiet || state.warnings.some(({ details }) => paths.some((path) => path.endsWith(String(details.place))))
  return told || !same(found, asked) ? 'warned' : 'silent'
}

/** Runs one damage and puts the files back. */
function tryDamage (subject: Subject, changes: [string, Buffer | null][], quiet: number): string {
  const before = changes.map(([path]) => subject.disk.read(path))
  for (const [path, bytes] of changes) subject.disk.write(path, bytes)
  const verdict = verdictOf(subject, subject.disk, changes.map(([path]) => path), quiet)
  for (const [index, [path]] of changes.entries()) subject.disk.write(path, before[index] ?? null)
  return verdict
}

async function campaign (t: Test, subject: Subject) {
  const { disk, superseded, home, earlier, torn } = subject
  const quiet = look(home, strict, disk.files).warnings.length
  const paths = disk.paths().filter((path) => path.startsWith(home.root))
  const harmless = (path: string) => [...HARMLESS, superseded].some((each) => each.test(path))
  const counts = new Map<string, number>()

  function check (what: string, changes: [string, Buffer | null][]) {
    const verdict = tryDamage(subject, changes, quiet)
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    if (verdict === 'refused' || verdict === 'warned') return
    const [first] = changes
    if (verdict === 'silent' && first?.[0] === torn?.path && first?.[1]?.length === torn?.length) return
    if (verdict !== 'silent' || !changes.every(([path]) => harmless(path))) t.fail(`${what}: ${verdict}`)
  }

  t.match(paths.map((path) => path.slice(home.root.length)).join(' '), /NEXU .*journal.*keyring.1 .*lease .*manifest.*reserve .*tables/)
  for (const path of paths) {
    const bytes = disk.read(path)
    const name = path.slice(home.root.length)
    const large = bytes.length > 100_000
    // The keyring is the one larger file; on the second store a part of its bytes is enough.
    const step = large ? 65_537 : bytes.length > 5000 && subject.name === 'crashed' ? 13 : 1
    for (let at = 0; at < bytes.length; at += step) {
      const bad = Buffer.from(bytes)
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
      check(`${name}: byte ${at} flipped`, [[path, bad]])
      if (bytes.length < 3000 || at % 61 === 0) check(`${name}: cut at ${at}`, [[path, bytes.subarray(0, at)]])
    }
    check(`${name} deleted`, [[path, null]])
    for (const junk of [Buffer.alloc(1), Buffer.from('junk'.repeat(50)), bytes]) check(`${name} extended`, [[path, Buffer.concat([bytes, junk])]])
    for (const other of paths.filter((each) => each > path)) check(`${name} and ${other.slice(home.root.length)} swapped`, [[path, disk.read(other)], [other, bytes]])
    if (earlier.files.exists(path) && !earlier.read(path).equals(bytes)) check(`${name} as it was`, [[path, earlier.read(path)]])
  }
  t.comment(JSON.stringify(Object.fromEntries(counts)))
  t.ok((counts.get('refused') ?? 0) > 5000)
}

for (const crashed of [false, true]) {
  t.test(`a ${crashed ? 'crashed' : 'closed'} store: every byte, every length, every file`, async (t) => campaign(t, await make(t, crashed)))
}

t.test('what is called harmless is: the store opens and has every row', async (t) => {
  const subject = await make(t, false)
  const { disk, home, rows, superseded } = subject
  const paths = disk.paths().filter((path) => path.startsWith(home.root) && [...HARMLESS, superseded].some((each) => each.test(path)))
  for (const path of paths) {
    const bytes = disk.read(path)
    for (const bad of [null, bytes.subarray(0, bytes.length >> 1), Buffer.alloc(bytes.length), Buffer.alloc(0)]) {
      const after = disk.crash('all kept')
      after.write(path, bad)
      const owner = await own(home, { files: after.files, termMs: 5 })
      t.ok(same(rowsOf(owner.state), rows), path.slice(home.root.length))
      owner.journal.append(12, lineOf(12, ['n', 12], 12))
      await owner.close()
    }
  }

  await t.test('all of them at once, too, after two terms', async (t) => {
    const after = disk.crash('all kept')
    for (const path of paths) after.write(path, null)
    await (await own(home, { files: after.files, termMs: 5 })).close()
    const unreadable = disk.crash('all kept')
    for (const path of paths) unreadable.write(path, Buffer.from('junk'))
    const codes: string[] = []
    const observer = { ...silent, event: (_: string, code: string) => { codes.push(code) } }
    await (await own(home, { files: unreadable.files, termMs: 5, observer })).close()
    t.strictSame(codes, ['owner_unreadable'])
  })
})

t.test('foreign files are told and left alone, .nfs names passed over', async (t) => {
  const { disk, home, rows } = await make(t, false)
  const foreign = ['/junk', '/journal/0123', '/tables/x', '/claims/nobody', '/manifest.x']
  for (const path of [...foreign, '/.nfs0001', '/journal/.nfs0002', '/tables/.nfs3']) disk.write(`${home.root}${path}`, Buffer.from('foreign'))
  disk.write(`${home.root}/tables/left.tmp`, Buffer.from('draft'))
  const told: unknown[] = []
  const observer = { ...silent, event: (_: string, code: string, { place }: Record<string, unknown>) => { told.push(`${code} /${String(place)}`) } }
  const owner = await own(home, { files: disk.files, observer })
  t.ok(same(rowsOf(owner.state), rows))
  t.strictSame(told.sort(), foreign.map((path) => `foreign_file ${path}`).sort())
  for (const path of foreign) t.equal(disk.read(`${home.root}${path}`).toString(), 'foreign')
  t.notOk(disk.files.exists(`${home.root}/tables/left.tmp`))
  await owner.close()
})
