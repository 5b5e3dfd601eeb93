import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fold } from '../../storage/disk/fold.js'
import { files } from '../../storage/disk/files.js'
import { placesOf } from '../../storage/disk/places.js'
import type { Store } from '../../storage/store.js'
import { makeHome, openStore, own, treeOf, type Home } from './helper.js'

const texts = ['Ana Sofía Echeverría', 'contraseña-secreta-9731', 'nos vemos a las ocho en la plaza', 'ana.echeverria', '3f2b8c1e-77aa-4d0e-9c55-0f1e2d3c4b5a', 'grupo de montaña', 'nexu', 'user:', 'conversation:', 'username']

async function fill (store: Store) {
  for (let round = 0; round < 30; round++) {
    await store.commit([], () => ({
      puts: texts.map((text, index) => ({
        key: ['things', store.blind('text', text), `${text} ${round}`], value: { round, text, index }, personal: { text, again: text }, subjects: [`user:${text}`, `conversation:${round}`]
      })),
      result: null
    }))
  }
}

async function makeFilled (t: Test): Promise<Home> {
  const home = makeHome(t)
  const store = await openStore(t, home)
  await fill(store)
  await store.close()
  const owner = await own(home)
  const job = owner.journal.startFold()
  owner.journal.finishFold(fold({ files, places: placesOf(home.root, home.anchor), keys: owner.unlocked.keys }, job, 1))
  await owner.close()
  const again = await openStore(t, home)
  await fill(again)
  await again.close()
  return home
}

/** However somebody might have written it down: three alignments of base64, hex, UTF-16, from the end too. */
function spellings (text: string): { how: string, bytes: Buffer }[] {
  const utf8 = Buffer.from(text)
  const utf16 = Buffer.from(text, 'utf16le')
  const base64 = [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64').replaceAll('=', '')
    // The characters at both ends depend on what stands beside.
    return shifted.slice(shift === 0 ? 0 : shift + 1, -1)
  })
  return [
    { how: 'utf-8', bytes: utf8 },
    { how: 'utf-16le', bytes: utf16 },
    { how: 'utf-16be', bytes: Buffer.from(utf16).swap16() },
    { how: 'hex', bytes: Buffer.from(utf8.toString('hex')) },
    { how: 'HEX', bytes: Buffer.from(utf8.toString('hex').toUpperCase()) },
    { how: 'reversed', bytes: Buffer.from(utf8).reverse() },
    ...base64.map((each) => ({ how: 'base64', bytes: Buffer.from(each) })),
    ...base64.map((each) => ({ how: 'base64url', bytes: Buffer.from(each.replaceAll('+', '-').replaceAll('/', '_')) }))
  ]
}

const bytesOf = ({ root }: Home) => treeOf(root).map((path) => ({ path, bytes: readFileSync(join(root, path)) }))

/** Bits in a byte, of bytes as they come: 8 is noise. */
function entropy (bytes: Buffer): number {
  const counts = new Array<number>(256).fill(0)
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
  return counts.reduce((sum, count) => count === 0 ? sum : sum - count / bytes.length * Math.log2(count / bytes.length), 0)
}

t.test('who reads the share', async (t) => {
  const home = await makeFilled(t)

  await t.test('finds no name, text or id in any spelling, nor in a name of a file', async (t) => {
    const all = bytesOf(home)
    for (const text of texts) {
      for (const { how, bytes: wanted } of spellings(text)) {
        // Four characters may come about by chance in 4 MiB of noise.
        if (wanted.length < 6) continue
        for (const { path, bytes } of all) {
          if (bytes.includes(wanted) || path.includes(wanted.toString('latin1'))) t.fail(`'${text}' as ${how} in ${path}`)
        }
      }
    }
    t.ok(all.reduce((sum, { bytes }) => sum + bytes.length, 0) > 4_000_000)
  })

  await t.test('sees noise in every block of 4 KiB', async (t) => {
    let blocks = 0
    for (const { path, bytes } of bytesOf(home)) {
      for (let at = 0; at + 4096 <= bytes.length; at += 4096) {
        blocks++
        const bits = entropy(bytes.subarray(at, at + 4096))
        if (bits <= 7.9) t.fail(`${path} at ${at}: ${bits.toFixed(3)} bits a byte`)
      }
    }
    t.ok(blocks > 1000)
  })
})

t.test('two stores with the same contents under the same key share no 16 bytes', async (t) => {
  const windows: Map<string, string>[] = []
  for (const name of ['one', 'two']) {
    await t.test(name, async (t) => { windows.push(windowsOf(await makeFilled(t))) })
  }
  const [one = new Map<string, string>(), two = new Map<string, string>()] = windows
  t.ok(one.size > 50_000 && two.size > 50_000)
  for (const [window, place] of two) {
    if (one.has(window)) t.fail(`${one.get(window)} and ${place}`)
  }
})

/** All 16 bytes that stand together anywhere, and where. */
function windowsOf (home: Home): Map<string, string> {
  const windows = new Map<string, string>()
  for (const { path, bytes } of bytesOf(home).filter(({ path }) => path !== 'reserve')) {
    for (let at = 0; at + 16 <= bytes.length; at++) windows.set(bytes.toString('latin1', at, at + 16), `${path} at ${at}`)
  }
  return windows
}
