import { rmSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealDocument } from '../../storage/disk/document.js'
import { createStoreFiles } from '../../storage/disk/create.js'
import { openDiskStore } from '../../storage/disk/disk-store.js'
import { files } from '../../storage/disk/files.js'
import { fold } from '../../storage/disk/fold.js'
import { unlockStore } from '../../storage/disk/opening.js'
import { becomeOwner } from '../../storage/disk/owner.js'
import { placesOf } from '../../storage/disk/places.js'
import { createSuperblock, encodeSuperblock } from '../../storage/master-key.js'
import type { Put, Store } from '../../storage/store.js'

/** Makes the bytes of one format version, once: `node dist/test/storage/make-golden.js test/fixtures/format/v1`.
 *  What is there is never made again: a later reader must read what an earlier writer wrote. */
const [folder = ''] = process.argv.slice(2)
const home = { root: join(folder, 'store'), anchor: join(folder, 'anchor') }
const master = { kind: 'key', bytes: Buffer.from('for tests only, never for stores') } as const

const putsOf = (round: number): Put[] => [
  { key: ['users', `u${round}`], value: { v: 1, createdAt: round }, personal: { username: `ana ${round}`, note: 'ñ 💬' }, subjects: [`user:u${round}`] },
  { key: ['log', 'c', round], value: { v: 1, type: 'message' }, personal: { text: `hola ${round}` }, subjects: ['conversation:c', `user:u${round}`] },
  { key: ['conversations', 'c'], value: { v: 1, head: round, list: [null, true, 1.5, 'x'] } }
]

async function write (rounds: readonly number[]) {
  const store = await openDiskStore({ ...home, key: master })
  for (const round of rounds) {
    await store.commit([], () => ({ puts: putsOf(round), deletes: round % 3 === 0 ? [['log', 'c', round - 1]] : [], result: null }))
  }
  return store
}

async function rowsOf (store: Store) {
  const rows: unknown[] = []
  for (const name of ['conversations', 'log', 'users']) {
    for await (const { key, entry } of store.scan({ prefix: [name] })) rows.push({ key, ...entry })
  }
  return rows
}

async function foldAll () {
  const places = placesOf(home.root, home.anchor)
  const observer = { time () {}, event () {} }
  const owner = await becomeOwner({ files, places, key: master, trust: { policy: 'strict', acceptHead: null }, termMs: 10, observer })
  owner.journal.finishFold(fold({ files, places, keys: owner.unlocked.keys }, owner.journal.startFold(), 1))
  await owner.close()
}

/** The claim and the lease name the machine that made them; these bytes are for everybody. */
function nameNobody () {
  const places = placesOf(home.root, home.anchor)
  const { keyring, superblock, anchor } = unlockStore(files, places, master)
  const generation = Math.max(...readdirSync(places.claims).map(Number))
  const claim = { generation, anchorId: anchor?.anchorId, socket: 'owner-golden', host: 'golden', pid: 1, since: '2025-01-01T00:00:00.000Z', beat: 1, released: true }
  const { storeId } = superblock
  const seal = (kind: 'claim' | 'lease', name: string) => sealDocument(keyring.controlKey, { kind, name, storeId }, claim, 512)
  writeFileSync(places.claim(generation), seal('claim', `claims/${generation}`))
  writeFileSync(places.lease, seal('lease', 'lease'))
  for (const older of readdirSync(places.claims).filter((name) => Number(name) < generation)) rmSync(places.claim(Number(older)))
}

mkdirSync(folder)
createStoreFiles(home.root, home.anchor, master)
await (await write([1, 2, 3, 4])).close()
await foldAll()
await (await write([5, 6])).close()
const store = await write([7])
const passphrase = createSuperblock({ kind: 'passphrase', text: 'sólo para pruebas' })
const expected = {
  historyId: store.historyId,
  sequence: store.sequence,
  blind: store.blind('username', 'ana'),
  rows: await rowsOf(store),
  passphrase: { text: 'sólo para pruebas', superblock: encodeSuperblock(passphrase.superblock).toString('hex'), masterKey: passphrase.masterKey.toString('hex') }
}
await store.close()
nameNobody()
// Made anew wherever it is missing.
rmSync(placesOf(home.root, home.anchor).reserve)
writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(expected, null, 1)}\n`)
writeFileSync(join(folder, 'test-only.key'), `${master.bytes.toString('base64')}\n`)
