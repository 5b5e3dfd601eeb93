import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A reader written from storage/FORMAT.md alone: it shares no line with the store, so that the drawing is
 *  proved by the bytes. Checks nothing that the ciphers don't. */
const hkdf = (key: Buffer, salt: Buffer, ...info: (string | Buffer)[]): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, Buffer.concat(info.map((part) => Buffer.from(part))), 32))

const sha256 = (...parts: (string | Buffer)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

function open (key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad).setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

function openDocument (key: Buffer, kind: string, name: string, storeId: Buffer, bytes: Buffer): unknown {
  const length = bytes.readUIntBE(5, 3)
  const documentKey = hkdf(key, bytes.subarray(8, 40), `nexu/1/${kind}/${name}/`, storeId)
  if (!sha256(bytes.subarray(0, 40 + length)).equals(bytes.subarray(40 + length, 72 + length))) throw new Error(`checksum of ${name}`)
  return JSON.parse(open(documentKey, Buffer.alloc(12), bytes.subarray(0, 40), bytes.subarray(40, 40 + length)).toString())
}

interface Keyring { terms: { term: number, key: string }[], wrappers: string[], controlKey: string }
interface Position { sequence: number, chain: string }
interface Manifest { head: Position, tables: { name: string }[], journals: { name: string, last: number }[], live: { name: string } }
type Stored = [key: (string | number)[], value: unknown, subjects?: string[], sealed?: string]
export interface FoundRow { value: unknown, subjects: string[] | null, sealed: string | null, version: number }

/** The rows of a closed store, personal parts opened. */
export function readStore (root: string, anchor: string, masterKey: Buffer) {
  const file = (...names: string[]) => readFileSync(join(root, ...names))
  const newest = (prefix: string) => readdirSync(root).filter((name) => name.startsWith(prefix)).sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1])).at(-1) ?? ''
  const nexu = file('NEXU')
  const storeId = nexu.subarray(10, 26)
  const fingerprint = createHmac('sha256', masterKey).update('nexu/1/fingerprint/').update(storeId).digest().subarray(0, 16)
  if (!fingerprint.equals(nexu.subarray(58, 74)) || !sha256(nexu.subarray(0, 74)).equals(nexu.subarray(74, 106))) throw new Error('NEXU')
  const keyringName = newest('keyring.')
  const keyring = openDocument(masterKey, 'keyring', keyringName, storeId, file(keyringName).subarray(106)) as Keyring
  const control = Buffer.from(keyring.controlKey, 'base64')
  const manifestName = newest('manifest.')
  const manifest = openDocument(control, 'manifest', manifestName, storeId, file(manifestName)) as Manifest
  const rows = new Map<string, FoundRow>()

  function * frames (bytes: Buffer, kind: number): Generator<{ sequence: number, lines: unknown[], chain: string }> {
    const head = bytes.subarray(0, 84)
    const term = keyring.terms.find((each) => each.term === bytes.readUIntBE(5, 3))
    if (head.toString('latin1', 0, 4) !== 'NXF1' || head[4] !== kind || term === undefined) throw new Error('head')
    const derive = (use: string) => hkdf(Buffer.from(term.key, 'base64'), head.subarray(8, 40), `nexu/1/file/${use}/`, storeId, head)
    if (!createHmac('sha256', derive('head')).update(head).digest().subarray(0, 16).equals(bytes.subarray(84, 100))) throw new Error('MAC')
    let chain = sha256(bytes.subarray(0, 100))
    for (let at = 100; at < bytes.length;) {
      const prefix = bytes.subarray(at, at + 24)
      const sealed = bytes.subarray(at + 24, at + 24 + prefix.readUInt32BE(0))
      const plain = open(derive('frame'), prefix.subarray(4, 16), Buffer.concat([prefix, chain]), sealed)
      chain = sha256(chain, prefix, sealed)
      at += 24 + sealed.length
      const lines = plain.toString().split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)
      yield { sequence: Number(prefix.readBigUInt64BE(16)), lines, chain: chain.toString('hex') }
    }
  }

  const keep = ([key, value, subjects = undefined, sealed = undefined]: Stored, version: number) =>
    rows.set(JSON.stringify(key), { value, subjects: subjects ?? null, sealed: sealed ?? null, version })

  for (const { name } of manifest.tables) {
    for (const { lines } of frames(file('tables', name), 2)) {
      for (const [key, version, ...row] of lines as [Stored[0], number, ...unknown[]][]) keep([key, ...row] as Stored, version)
    }
  }
  let end: Position = { sequence: 0, chain: '' }
  for (const { name } of [...manifest.journals, manifest.live]) {
    for (const { sequence, lines, chain } of frames(file('journal', name), 1)) {
      end = { sequence, chain }
      for (const [version, puts, deletes] of lines as [number, Stored[], Stored[0][]][]) {
        for (const row of puts) keep(row, version)
        for (const key of deletes) rows.delete(JSON.stringify(key))
      }
    }
  }

  const slots = readFileSync(join(anchor, 'slots'))
  const positions = [0, 4096].map((at) => openDocument(control, 'anchor', 'anchor', storeId, slots.subarray(at, at + 4096)) as { count: number, head: Position })
  const anchored = positions.sort((a, b) => b.count - a.count)[0]?.head

  function subjectKey (subject: string): Buffer {
    const [wrapper, text] = rows.get(JSON.stringify(['subject-keys', subject]))?.value as [number, string]
    const bytes = Buffer.from(text, 'base64')
    return open(Buffer.from(keyring.wrappers[wrapper] ?? '', 'base64'), bytes.subarray(0, 12), Buffer.concat([storeId, Buffer.from(`nexu/1/subject/${subject}`)]), bytes.subarray(12))
  }

  function encodeKey (key: (string | number)[]): string {
    return key.map((part) => typeof part === 'number' ? `\u0001${String.fromCharCode(0x40 + String(part).length)}${part}\0` : `\u0002${part}\0`).join('')
  }

  return {
    anchored,
    end,
    claim: openDocument(control, 'claim', `claims/${readdirSync(join(root, 'claims')).at(-1)}`, storeId, file('claims', readdirSync(join(root, 'claims')).at(-1) ?? '')),
    lease: openDocument(control, 'lease', 'lease', storeId, file('lease')),
    row: (key: readonly (string | number)[]) => rows.get(JSON.stringify(key)),
    personal (key: readonly (string | number)[]): unknown {
      const row = rows.get(JSON.stringify(key))
      if (row?.sealed == null || row.subjects === null) return null
      const partKey = hkdf(Buffer.concat(row.subjects.map(subjectKey)), storeId, `nexu/1/personal/${JSON.stringify(row.subjects)}`)
      const bytes = Buffer.from(row.sealed, 'base64')
      return JSON.parse(open(partKey, bytes.subarray(0, 12), Buffer.concat([storeId, Buffer.from(`${row.version}/${encodeKey([...key])}`)]), bytes.subarray(12)).toString())
    }
  }
}
