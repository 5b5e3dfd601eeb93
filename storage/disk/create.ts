import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { randomBytes, sha256 } from '../cipher.js'
import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import { createSuperblock, encodeSuperblock, type MasterKeySource } from '../master-key.js'
import { anchorExists, prepareAnchor } from './anchor.js'
import { files as realFiles, type Files } from './files.js'
import { decodeKeyring, encodeKeyring, freshKeyring } from './keyring.js'
import { encodeManifest, manifestHash, type Manifest } from './manifest.js'
import { placesOf } from './places.js'
import { draftOf, isVacant, syncDirectory, writeDurably } from './steps.js'

/** A new, empty store, only where neither a store nor an anchor is: a share that failed to mount looks
 *  like an empty folder. Made beside its place and renamed into it, so that half a store never exists.
 *  @throws StoreError store_exists, and whatever a file call throws */
export function createStoreFiles (root: string, anchor: string, key: MasterKeySource, files: Files = realFiles): void {
  const places = placesOf(root, anchor)
  if (!isVacant(files, root)) throw new StoreError('store_exists', { place: root })
  if (anchorExists(files, places)) {
    throw new StoreError('store_exists', { place: anchor, hint: hints.newAnchor })
  }
  const { superblock, masterKey } = createSuperblock(key)
  const draft = placesOf(draftOf(join(dirname(root), basename(root))), anchor)
  for (const folder of [draft.root, draft.journals, draft.tables, draft.claims]) files.mkdir(folder)
  const keyringBytes = encodeKeyring(freshKeyring(), superblock, masterKey)
  writeDurably(files, draft.keyring(1), keyringBytes)
  const keyring = decodeKeyring(keyringBytes, 1, superblock, masterKey)
  const head = { sequence: 0, chain: sha256(superblock.storeId, 'nexu/1/start').toString('hex') }
  const manifest: Manifest = {
    number: 1,
    previous: sha256(randomBytes(32)).toString('hex'),
    historyId: randomUUID(),
    generation: 0,
    keyring: { number: 1, hash: keyring.hash },
    head,
    tables: [],
    tablesHead: head,
    journals: [],
    live: null,
    ended: []
  }
  const manifestBytes = encodeManifest(manifest, keyring.controlKey, superblock.storeId)
  writeDurably(files, draft.manifest(1), manifestBytes)
  writeDurably(files, draft.superblock, encodeSuperblock(superblock))
  const putAnchorInForce = prepareAnchor(files, places, keyring.controlKey, superblock.storeId, {
    anchorId: randomBytes(16).toString('hex'),
    generation: 0,
    manifest: { number: 1, hash: manifestHash(manifestBytes) },
    keyring: { number: 1, hash: keyring.hash },
    head
  })
  files.rename(draft.root, root)
  syncDirectory(files, dirname(root))
  putAnchorInForce()
}
