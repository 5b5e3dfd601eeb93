import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SUPERBLOCK_BYTES } from '../../storage/master-key.js'
import { sha256 } from '../../storage/cipher.js'
import { createStoreFiles } from '../../storage/disk/create.js'
import { openDiskStore, type DiskStoreOptions } from '../../storage/disk/disk-store.js'
import { createStore, isStoreKnown } from '../../storage/disk/setup.js'
import { StoreError } from '../../storage/errors.js'
import { hashTree, homeIn, key, lineOf, look, makeHome, own, rowsOf, strict, treeOf, type Home } from './helper.js'

async function write (home: Home, from: number, to: number) {
  const owner = await own(home)
  for (let n = from; n <= to; n++) owner.journal.append(n, lineOf(n, ['n', n], n))
  await owner.close()
}

/** Five rows, a copy of the share, five more. */
async function makeOlder (t: Test): Promise<{ home: Home, older: string }> {
  const home = makeHome(t)
  await write(home, 1, 5)
  const older = `${home.root} before`
  cpSync(home.root, older, { recursive: true })
  await write(home, 6, 10)
  return { home, older }
}

/** Refused with this code, by this file, and neither share nor anchor has another byte than before. */
async function refuses (t: Test, home: Home, wanted: { code: string, exitCode: number, message?: RegExp, hint?: RegExp }, options: Partial<DiskStoreOptions> = {}) {
  const before = [home.root, home.anchor].map((folder) => readdirSync(join(folder, '..')).includes(folder.slice(folder.lastIndexOf('/') + 1)) ? hashTree(folder) : 'none')
  await t.rejects(openDiskStore({ ...home, key, ...options }), wanted, wanted.code)
  const after = [home.root, home.anchor].map((folder) => readdirSync(join(folder, '..')).includes(folder.slice(folder.lastIndexOf('/') + 1)) ? hashTree(folder) : 'none')
  t.strictSame(after, before, 'nothing has changed')
}

function replace (folder: string, by: string) {
  rmSync(folder, { recursive: true })
  cpSync(by, folder, { recursive: true })
}

t.test('the whole share as it was: refused, until a person accepts that very head', async (t) => {
  const { home, older } = await makeOlder(t)
  replace(home.root, older)
  await refuses(t, home, { code: 'store_rolled_back', exitCode: 67, message: /manifest\.3.*manifest\.2/, hint: /--accept-head [0-9a-f]{64}/ })
  const hint = await openDiskStore({ ...home, key }).then(() => '', (err: unknown) => err instanceof StoreError ? err.hint ?? '' : '')
  const head = /[0-9a-f]{64}/.exec(hint)?.[0] ?? ''
  await refuses(t, home, { code: 'store_rolled_back', exitCode: 67, hint: new RegExp(`is ${head}, not`) }, { trust: { policy: 'strict', acceptHead: 'f'.repeat(64) } })
  await refuses(t, home, { code: 'store_rolled_back', exitCode: 67 }, { trust: { policy: 'first-use', acceptHead: null } })

  const { historyId } = look({ root: older, anchor: `${home.anchor} none` }, { policy: 'first-use', acceptHead: null }).manifest
  const store = await openDiskStore({ ...home, key, trust: { policy: 'strict', acceptHead: head } })
  t.equal(store.sequence, 5)
  t.not(store.historyId, historyId)
  await store.commit([], () => ({ puts: [{ key: ['n', 6], value: 'of the new history' }], result: null }))
  const accepted = store.historyId
  await store.close()
  const again = await openDiskStore({ ...home, key })
  t.equal(again.historyId, accepted, 'and stays so')
  t.match(await again.get(['n', 6]), { value: 'of the new history', version: 6 })
  await again.close()
})

t.test('the last groups taken away at the border of a frame', async (t) => {
  const home = makeHome(t)
  await write(home, 1, 3)
  const owner = await own(home)
  owner.journal.append(4, lineOf(4, ['n', 4], 4))
  const copy = `${home.root} copy`
  cpSync(home.root, copy, { recursive: true })
  owner.journal.append(5, lineOf(5, ['n', 5], 5))
  await owner.close()
  replace(home.root, copy)
  await refuses(t, home, { code: 'store_rolled_back', exitCode: 67, message: /sequences 5 to 5/ })
})

t.test('the live journal cut at every byte', async (t) => {
  const home = makeHome(t)
  await write(home, 1, 2)
  const owner = await own(home)
  owner.journal.append(3, lineOf(3, ['n', 3], 3))
  const slots = readFileSync(join(home.anchor, 'slots'))
  const path = join(home.root, 'journal', owner.journal.manifest().live?.name ?? '')
  const anchored = readFileSync(path).length
  owner.journal.append(4, lineOf(4, ['n', 4], 4))
  await owner.close()
  writeFileSync(join(home.anchor, 'slots'), slots)
  const whole = readFileSync(path)
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length))
    let verdict
    try {
      verdict = String(rowsOf(look(home)).size)
    } catch (err) { verdict = err instanceof StoreError ? err.code : String(err) }
    const wanted = length === whole.length ? ['4'] : length >= anchored ? ['3'] : ['store_damaged', 'store_rolled_back']
    if (!wanted.includes(verdict)) t.fail(`cut at ${length} of ${whole.length}, anchored ${anchored}: ${verdict}`)
  }
  const again = await own(home)
  t.equal(rowsOf(again.state).size, 4, 'what was synced and never acknowledged survives')
  t.equal(again.state.unconfirmed.length, 1)
  await again.close()
  t.equal(rowsOf(look(home)).size, 4)
})

t.test('keys', async (t) => {
  const home = makeHome(t)
  await write(home, 1, 1)
  await refuses(t, home, { code: 'key_wrong', exitCode: 77 }, { key: { kind: 'key', bytes: Buffer.alloc(32, 8) } })
  await refuses(t, home, { code: 'key_wrong', exitCode: 77, hint: /by a key/ }, { key: { kind: 'passphrase', text: 'no' } })
})

t.test('anchors', async (t) => {
  const { home } = await makeOlder(t)
  const aside = `${home.anchor} aside`

  await t.test('none: the head must be accepted once', async (t) => {
    renameSync(home.anchor, aside)
    await refuses(t, home, { code: 'head_unconfirmed', exitCode: 68, hint: /--accept-head [0-9a-f]{64}/ })
    const owner = await own(home, { trust: { policy: 'first-use', acceptHead: null } })
    t.equal(rowsOf(owner.state).size, 10)
    await owner.close()
    t.equal(rowsOf(look(home)).size, 10, 'and then there is one')
    rmSync(home.anchor, { recursive: true })
  })

  await t.test('one that can\'t be read', async (t) => {
    mkdirSync(home.anchor)
    for (const bytes of [Buffer.alloc(8192), Buffer.alloc(0), Buffer.from('junk')]) {
      writeFileSync(join(home.anchor, 'slots'), bytes)
      await refuses(t, home, { code: 'head_unconfirmed', exitCode: 68, message: /no slot/ }, { trust: { policy: 'first-use', acceptHead: null } })
    }
    rmSync(home.anchor, { recursive: true })
  })

  await t.test('one of another store', async (t) => {
    const other = homeIn(join(home.root, '..', 'other'))
    mkdirSync(join(home.root, '..', 'other'))
    createStoreFiles(other.root, other.anchor, key)
    await refuses(t, { root: home.root, anchor: other.anchor }, { code: 'store_foreign', exitCode: 65 })
    renameSync(aside, home.anchor)
    await refuses(t, { root: other.root, anchor: home.anchor }, { code: 'store_foreign', exitCode: 65 })
  })

  await t.test('one torn slot is a crash while it was written', async (t) => {
    const slots = readFileSync(join(home.anchor, 'slots'))
    for (const at of [0, 4096]) {
      const torn = Buffer.from(slots)
      torn.fill(1, at + 100, at + 200)
      writeFileSync(join(home.anchor, 'slots'), torn)
      await t.resolves(async () => look({ root: home.root, anchor: home.anchor }))
    }
    writeFileSync(join(home.anchor, 'slots'), slots)
  })
})

t.test('an older manifest in the place of the newest', async (t) => {
  const { home } = await makeOlder(t)
  rmSync(join(home.root, 'manifest.3'))
  await refuses(t, home, { code: 'store_rolled_back', exitCode: 67, message: /the anchor knows manifest\.3, here is manifest\.2/ })
  cpSync(join(home.root, 'manifest.2'), join(home.root, 'manifest.3'))
  await refuses(t, home, { code: 'store_damaged', exitCode: 65, message: /manifest\.3/ })
})

t.test('what is missing', async (t) => {
  const home = makeHome(t)
  await write(home, 1, 1)
  renameSync(home.root, `${home.root} aside`)
  await refuses(t, home, { code: 'store_unmounted', exitCode: 72 })
  mkdirSync(home.root)
  await refuses(t, home, { code: 'store_unmounted', exitCode: 72 })
  await refuses(t, { root: home.root, anchor: `${home.anchor} none` }, { code: 'store_missing', exitCode: 66 })
  replace(home.root, `${home.root} aside`)
  const nexu = readFileSync(join(home.root, 'NEXU'))
  rmSync(join(home.root, 'NEXU'))
  await refuses(t, home, { code: 'store_damaged', exitCode: 65, message: /NEXU is missing/, hint: /keyring/ })

  await t.test('NEXU can be had again from the keyring', async (t) => {
    const keyring = readFileSync(join(home.root, 'keyring.1'))
    t.ok(keyring.subarray(0, SUPERBLOCK_BYTES).equals(nexu))
    writeFileSync(join(home.root, 'NEXU'), keyring.subarray(0, SUPERBLOCK_BYTES))
    t.equal(rowsOf(look(home)).size, 1)
  })

  for (const folder of ['tables', 'journal', 'claims']) {
    renameSync(join(home.root, folder), join(home.root, '..', 'moved'))
    await refuses(t, home, { code: 'store_damaged', exitCode: 65, message: new RegExp(folder) })
    symlinkSync(join(home.root, '..', 'moved'), join(home.root, folder))
    await refuses(t, home, { code: 'store_damaged', exitCode: 65, message: new RegExp(folder) })
    rmSync(join(home.root, folder))
    renameSync(join(home.root, '..', 'moved'), join(home.root, folder))
  }
})

t.test('links, pipes and folders in the place of files', async (t) => {
  const home = makeHome(t)
  await write(home, 1, 1)
  for (const name of treeOf(home.root).filter((name) => !/claims|lease|reserve|manifest.1/.test(name))) {
    if (look(home).manifest.journals.length > 0) t.fail('another journal')
    const path = join(home.root, name)
    const aside = join(home.root, '..', 'aside')
    renameSync(path, aside)
    const wanted = { code: 'store_damaged', exitCode: 65, message: new RegExp(name) }
    symlinkSync(aside, path)
    await refuses(t, home, wanted)
    rmSync(path)
    t.equal(spawnSync('mkfifo', [path]).status, 0)
    await t.rejects(own(home), wanted)
    rmSync(path)
    mkdirSync(path)
    await t.rejects(own(home), wanted)
    rmSync(path, { recursive: true })
    renameSync(aside, path)
  }
  t.equal(rowsOf(look(home, strict)).size, 1)
})

t.test('a later format is refused by its name', async (t) => {
  const home = makeHome(t)
  const path = join(home.root, 'NEXU')
  const bytes = readFileSync(path)
  bytes.writeUInt16BE(2, 4)
  const signed = bytes.subarray(0, bytes.length - 32)
  writeFileSync(path, Buffer.concat([signed, sha256(signed)]))
  await refuses(t, home, { code: 'format_unknown', exitCode: 76, message: /format 2/ })
})

t.test('no store is made where one, or an anchor that knows one, is', async (t) => {
  const home = makeHome(t)
  const before = hashTree(join(home.root, '..'))
  t.throws(() => { createStoreFiles(home.root, home.anchor, key) }, { code: 'store_exists' })
  t.throws(() => { createStoreFiles(`${home.root} 2`, home.anchor, key) }, { code: 'store_exists', exitCode: 73 })
  t.throws(() => { createStoreFiles(home.root, `${home.anchor} 2`, key) }, { code: 'store_exists' })
  t.equal(hashTree(join(home.root, '..')), before)
})

t.test('an empty folder is no store, but where an anchor knows one none is made in it', async (t) => {
  const home = homeIn(t.testdir({ store: {} }))
  const places = { ...home, key: { key: Buffer.alloc(32, 7).toString('base64') } }
  t.equal(isStoreKnown(places), false)
  t.match(createStore(places), { root: home.root })
  t.equal(rowsOf(look(home)).size, 0)

  rmSync(home.root, { recursive: true })
  mkdirSync(home.root)
  t.equal(isStoreKnown(places), true)
  t.throws(() => { createStore(places) }, { code: 'store_exists' })
  t.same(readdirSync(home.root), [])
  writeFileSync(join(home.root, 'of somebody'), '')
  t.throws(() => { createStore({ ...places, anchor: `${home.anchor} 2` }) }, { code: 'store_exists' })
})
