import t from 'tap'
import fc from 'fast-check'
import { asKey, DIGEST_BYTES, NONCE_BYTES, seal, sha256, unseal } from '../../storage/cipher.js'
import { DOCUMENT_KINDS, openDocument, sealDocument } from '../../storage/disk/document.js'
import { decodeKeyring, encodeKeyring, freshKeyring } from '../../storage/disk/keyring.js'
import { pad, paddedSize, parseLines, parseSequence } from '../../storage/disk/padding.js'
import { createFrames, openFrames, HEAD_BYTES, type FileHead, type FileKeys } from '../../storage/disk/sealed-file.js'
import { createSuperblock, decodeSuperblock, encodeSuperblock, parseKey, SUPERBLOCK_BYTES, unlock } from '../../storage/master-key.js'
import { codeOf, key } from './helper.js'

const storeId = Buffer.alloc(16, 3)
const master = Buffer.alloc(32, 7)
const other = Buffer.alloc(32, 8)

/** Every bit flipped and every cut, one at a time. */
function * damages (bytes: Buffer): Generator<{ what: string, bad: Buffer }> {
  for (let index = 0; index < bytes.length; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const bad = Buffer.from(bytes)
      bad[index] = (bad[index] ?? 0) ^ (1 << bit)
      yield { what: `bit ${bit} of byte ${index}`, bad }
    }
    yield { what: `cut at ${index}`, bad: bytes.subarray(0, index) }
  }
}

const accepted = (bytes: Buffer, opens: (bad: Buffer) => boolean): string[] => [...damages(bytes)].filter(({ bad }) => opens(bad)).map(({ what }) => what)

t.test('cipher', async (t) => {
  const nonce = Buffer.alloc(NONCE_BYTES, 1)
  const aad = Buffer.from('place')
  const sealed = seal(asKey(master), nonce, aad, Buffer.from('hola'))
  t.equal(unseal(asKey(master), nonce, aad, sealed)?.toString(), 'hola')
  t.strictSame(accepted(sealed, (bad) => unseal(asKey(master), nonce, aad, bad) !== null), [])
  t.strictSame(accepted(aad, (bad) => unseal(asKey(master), nonce, bad, sealed) !== null), [])
  t.equal(unseal(asKey(other), nonce, aad, sealed), null, 'another key')
})

t.test('document', async (t) => {
  const place = { kind: 'manifest', name: 'manifest.7', storeId } as const
  const sealed = sealDocument(master, place, { a: 'ñ' })
  t.strictSame(openDocument(master, place, sealed), { verdict: 'good', value: { a: 'ñ' } })
  t.strictSame(accepted(sealed, (bad) => openDocument(master, place, bad).verdict !== 'damaged'), [], 'every damage is called damage')
  t.equal(openDocument(master, place, Buffer.concat([sealed, Buffer.alloc(1)])).verdict, 'damaged', 'nothing may stand behind it')
  for (const other of [{ ...place, name: 'manifest.8' }, { ...place, storeId: Buffer.alloc(16, 4) }]) {
    t.equal(openDocument(master, other, sealed).verdict, 'sealed otherwise')
  }
  t.equal(openDocument(other, place, sealed).verdict, 'sealed otherwise')
  t.equal(openDocument(master, { ...place, kind: 'claim' }, sealed).verdict, 'damaged', 'another kind')
  t.equal(sealDocument(master, place, { b: 1 }, 512).length, sealDocument(master, place, { b: 'x'.repeat(400) }, 512).length)
  t.equal(new Set(Object.values(DOCUMENT_KINDS)).size, Object.keys(DOCUMENT_KINDS).length)
})

t.test('sealed file', async (t) => {
  const keys: FileKeys = { storeId, dataKey: (term) => term === 1 ? master : null }
  const head: FileHead = { kind: 'journal', term: 1, generation: 5, sequence: 40, previous: Buffer.alloc(32, 9) }
  const writer = createFrames(keys, head)
  const bytes = Buffer.concat([writer.head, writer.frame(41, Buffer.from('[41,[],[]]\n')), writer.frame(43, Buffer.from('[43,[],[]]\n'))])

  function readAll (bad: Buffer, with_ = keys): string {
    const file = openFrames(with_, bad)
    if (file === null) return ''
    let text = ''
    let frame = file.frameAt(file.start, 0, file.chain)
    for (let number = 1; frame !== null; number++) {
      text += `${frame.sequence}:${frame.plain.toString().trim()} `
      frame = file.frameAt(frame.end, number, frame.chain)
    }
    return text
  }
  const whole = '41:[41,[],[]] 43:[43,[],[]] '
  t.equal(readAll(bytes), whole)
  t.match(openFrames(keys, bytes)?.head, head)

  await t.test('damage ends the reading at the latest at its own frame, and gives nothing else', async (t) => {
    const second = HEAD_BYTES + (bytes.length - HEAD_BYTES) / 2
    for (const { what, bad } of damages(bytes)) {
      const at = Number(/\d+$/.exec(what)?.[0])
      const wanted = at < second ? '' : '41:[41,[],[]] '
      if (readAll(bad) !== wanted) t.fail(`${what}: ${readAll(bad)}`)
    }
  })

  await t.test('frames open in their own place of their own file only', async (t) => {
    const frames = [bytes.subarray(HEAD_BYTES, HEAD_BYTES + (bytes.length - HEAD_BYTES) / 2), bytes.subarray(HEAD_BYTES + (bytes.length - HEAD_BYTES) / 2)]
    const another = createFrames(keys, head)
    t.equal(readAll(Buffer.concat([writer.head, ...frames.toReversed()])), '', 'swapped')
    t.equal(readAll(Buffer.concat([writer.head, ...frames.slice(1)])), '', 'dropped')
    t.equal(readAll(Buffer.concat([bytes, frames[1] ?? Buffer.alloc(0)])), whole, 'repeated')
    t.equal(readAll(Buffer.concat([another.head, ...frames])), '', 'under the head of another file')
    t.equal(readAll(bytes, { ...keys, storeId: Buffer.alloc(16, 4) }), '', 'of another store')
    t.equal(openFrames({ storeId, dataKey: () => null }, bytes), null, 'of another term')
    t.throws(() => createFrames({ storeId, dataKey: () => null }, head))
  })

  await t.test('the same lines never give the same bytes', async (t) => {
    const again = createFrames(keys, head)
    t.notOk(again.frame(41, Buffer.from('[41,[],[]]\n')).equals(bytes.subarray(HEAD_BYTES, HEAD_BYTES + (bytes.length - HEAD_BYTES) / 2)))
  })
})

t.test('superblock', async (t) => {
  const { superblock, masterKey } = createSuperblock(key)
  const bytes = encodeSuperblock(superblock)
  t.equal(bytes.length, SUPERBLOCK_BYTES)
  t.strictSame(decodeSuperblock(bytes, 'NEXU'), superblock)
  t.ok(unlock(key, superblock).equals(masterKey))
  for (const { what, bad } of damages(bytes)) {
    try {
      decodeSuperblock(bad, 'NEXU')
      t.fail(what)
    } catch (err) {
      if (!['store_damaged', 'format_unknown'].includes(codeOf(err))) t.fail(`${what}: ${String(err)}`)
    }
  }

  await t.test('tells a wrong key from a wrong kind of key', async (t) => {
    t.throws(() => unlock({ kind: 'key', bytes: Buffer.alloc(32, 8) }, superblock), { code: 'key_wrong', exitCode: 77 })
    t.throws(() => unlock({ kind: 'passphrase', text: 'x' }, superblock), { code: 'key_wrong', hint: /by a key/ })
    const stretched = createSuperblock({ kind: 'passphrase', text: 'correcto caballo ñ' })
    t.ok(unlock({ kind: 'passphrase', text: 'correcto caballo n\u0303' }, stretched.superblock).equals(stretched.masterKey), 'however the ñ is written')
    t.throws(() => unlock({ kind: 'passphrase', text: 'otra' }, stretched.superblock), { code: 'key_wrong' })
    t.throws(() => unlock(key, stretched.superblock), { code: 'key_wrong', hint: /by a passphrase/ })
  })

  await t.test('a later format is refused by name, whatever its length', async (t) => {
    const later = Buffer.from(bytes)
    later.writeUInt16BE(2, 4)
    sha256(later.subarray(0, SUPERBLOCK_BYTES - DIGEST_BYTES)).copy(later, SUPERBLOCK_BYTES - DIGEST_BYTES)
    for (const each of [later, Buffer.concat([later, Buffer.alloc(40)]), later.subarray(0, 20)]) {
      t.throws(() => decodeSuperblock(each, 'NEXU'), { code: 'format_unknown', exitCode: 76, place: /format 2/ })
    }
  })

  await t.test('parameters that would eat all memory are refused', async (t) => {
    for (const kdf of [{ logN: 40, r: 8, p: 1 }, { logN: 17, r: 255, p: 1 }, { logN: 17, r: 8, p: 255 }, { logN: 17, r: 0, p: 1 }]) {
      t.throws(() => decodeSuperblock(encodeSuperblock({ ...superblock, kdf }), 'NEXU'), { code: 'store_damaged' })
    }
  })
})

t.test('keyring', async (t) => {
  const { superblock } = createSuperblock(key)
  const fresh = freshKeyring()
  const bytes = encodeKeyring(fresh, superblock, master)
  t.match(decodeKeyring(bytes, 1, superblock, master), { ...fresh, hash: sha256(bytes).toString('hex') })
  const refuse = (bad: Buffer, number = 1, sb = superblock, by = master) => {
    try {
      decodeKeyring(bad, number, sb, by)
      return 'opened'
    } catch (err) { return codeOf(err) }
  }
  for (let index = 0; index < bytes.length; index++) {
    const bad = Buffer.from(bytes)
    bad[index] = (bad[index] ?? 0) ^ (1 << (index % 8))
    // The superblock's own copy is there to be read by a person; the hash of the whole file pins it.
    const wanted = index < SUPERBLOCK_BYTES ? ['store_damaged', 'format_unknown'] : ['store_damaged']
    if (!wanted.includes(refuse(bad))) t.fail(`byte ${index}: ${refuse(bad)}`)
    if (index % 7 === 0 && refuse(bytes.subarray(0, index)) === 'opened') t.fail(`cut at ${index}`)
  }
  t.equal(refuse(Buffer.concat([bytes, Buffer.alloc(1)])), 'store_damaged')
  t.equal(refuse(bytes, 2), 'store_damaged')
  t.equal(refuse(bytes, 1, createSuperblock(key).superblock), 'store_damaged')
  t.equal(refuse(bytes, 1, superblock, other), 'store_damaged')
})

t.test('parseKey reads 32 bytes in base64 or hex and nothing else', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, n) => n * 8 % 256))
  for (const good of [bytes.toString('base64'), `${bytes.toString('base64')}\n`, bytes.toString('base64url'), bytes.toString('hex'), bytes.toString('hex').toUpperCase()]) {
    t.ok(parseKey(good).equals(bytes), good)
  }
  for (const bad of ['', 'x', bytes.subarray(1).toString('base64'), `${bytes.toString('base64')}AAAA`, bytes.toString('hex').slice(2), `${bytes.toString('base64').slice(0, 20)} ${bytes.toString('base64').slice(20)}`, '!'.repeat(44)]) {
    t.throws(() => parseKey(bad), { code: 'key_malformed', exitCode: 78 }, JSON.stringify(bad))
  }
})

t.test('padding', async (t) => {
  fc.assert(fc.property(fc.nat(4 * 1024 * 1024), (bytes) => {
    const size = paddedSize(bytes)
    return size >= bytes && size % 64 === 0 && paddedSize(size) === size && (bytes < 512 ? size - bytes < 64 : size <= bytes * 1.125)
  }), { numRuns: 5000 })
  fc.assert(fc.property(fc.nat(1024 * 1024), fc.nat(1000), (bytes, more) => paddedSize(bytes) <= paddedSize(bytes + more)))
  const sizes = new Set(Array.from({ length: 1024 * 1024 / 16 }, (_, n) => paddedSize(n * 16)))
  t.ok(sizes.size < 110, `${sizes.size} sizes are ever seen up to 1 MiB`)
  t.strictSame(parseLines(pad(Buffer.from('[1,"a b"]\n[2," "]\n'))), [[1, 'a b'], [2, ' ']])
  t.equal(parseSequence(pad(Buffer.from('[7,[],[]]\n[9,[],[]]\n'))), 9)
  t.equal(parseSequence(pad(Buffer.alloc(0))), 0)
})
