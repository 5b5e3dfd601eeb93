import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readMasterKey } from '../../storage/disk/setup.js'
import { limits } from '../../storage/limits.js'
import { decodeSuperblock, unlock } from '../../storage/master-key.js'
import type { Entry, Key } from '../../storage/store.js'
import { readStore } from './format-reader.js'
import { homeIn, openStore, own, treeOf, watcher } from './helper.js'

interface Expected {
  historyId: string
  sequence: number
  blind: string
  rows: (Entry & { key: Key })[]
  passphrase: { text: string, superblock: string, masterKey: string }
}

const fixtures = join(import.meta.dirname, '../../../test/fixtures/format')

// Each folder holds bytes written by a released version. Folders are added, never edited or removed.
for (const version of readdirSync(fixtures)) {
  t.test(`reads what ${version} wrote`, async (t) => {
    const from = join(fixtures, version)
    const home = homeIn(t.testdir({}))
    cpSync(join(from, 'store'), home.root, { recursive: true })
    cpSync(join(from, 'anchor'), home.anchor, { recursive: true })
    const key = readMasterKey({ key: { file: join(from, 'test-only.key') } })
    if (key === null) throw new Error('no key')
    const expected = JSON.parse(readFileSync(join(from, 'expected.json'), 'utf8')) as Expected
    t.match(treeOf(home.root).join(' '), /NEXU claims.* journal.* keyring.* lease manifest.* tables/, 'it has every kind of file')

    const { observer, codes } = watcher()
    const store = await openStore(t, home, { key, observer })
    t.strictSame(codes(), ['opened'], 'nothing to complain of')
    t.equal(store.historyId, expected.historyId)
    t.equal(store.sequence, expected.sequence)
    t.equal(store.blind('username', 'ana'), expected.blind)
    for (const { key, ...entry } of expected.rows) t.strictSame(await store.get(key), entry, key.join('/'))
    t.ok(expected.rows.length > 10)
    t.equal(readFileSync(join(home.root, 'reserve')).length, limits.reserveBytes, 'the reserve is made anew')
    await store.close()
    t.notOk(existsSync(join(from, 'store', 'reserve')))

    const { text, superblock, masterKey } = expected.passphrase
    t.equal(unlock({ kind: 'passphrase', text }, decodeSuperblock(Buffer.from(superblock, 'hex'), 'NEXU')).toString('hex'), masterKey)
    await t.rejects(own(home), { code: 'key_wrong' })
  })

  if (version !== 'v1') continue
  t.test('FORMAT.md draws them truly: a reader written from it alone finds the same', async (t) => {
    const from = join(fixtures, version)
    const expected = JSON.parse(readFileSync(join(from, 'expected.json'), 'utf8')) as Expected
    const masterKey = Buffer.from(readFileSync(join(from, 'test-only.key'), 'latin1'), 'base64')
    const store = readStore(join(from, 'store'), join(from, 'anchor'), masterKey)
    t.strictSame(store.anchored, store.end)
    t.equal(store.end.sequence, expected.sequence)
    for (const { key, value, personal, subjects, version } of expected.rows) {
      t.match(store.row(key), { value, subjects, version }, key.join('/'))
      t.strictSame(store.personal(key), personal)
    }
    t.strictSame(store.claim, store.lease)
    t.match(store.lease, { host: 'golden', released: true })
  })
}
