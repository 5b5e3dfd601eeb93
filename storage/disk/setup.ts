import { dirname } from 'node:path'
import { KEY_BYTES, randomBytes } from '../cipher.js'
import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import { parseKey, type MasterKeySource } from '../master-key.js'
import { anchorExists } from './anchor.js'
import { createStoreFiles } from './create.js'
import { files as realFiles, type Files } from './files.js'
import { placesOf } from './places.js'
import { isTaken, isVacant, readWhole, syncDirectory, writeAll } from './steps.js'

/** The operator's key: as a text, as a passphrase, or in a file that may not be there yet. */
export type KeyOption = { key: string } | { passphrase: string } | { file: string }

export interface SetupOptions { root: string, anchor: string, key: KeyOption, files?: Files }

/** What a set-up made: the key file must be copied to a safe place by a person. */
export interface Made { root: string, keyFile: string | null }

const KEY_FILE_BYTES_MAX = 4096

/** Whether a store, or an anchor that knows one, is here. Where either is, neither is ever made anew. An empty
 *  folder is no store: who knows one by its anchor is told that it is gone. */
export function isStoreKnown ({ root, anchor, files = realFiles }: Omit<SetupOptions, 'key'>): boolean {
  return !isVacant(files, root) || anchorExists(files, placesOf(root, anchor))
}

/** The master key as it was given; null where it is to be in a file that isn't there.
 *  @throws StoreError key_malformed, io_failed */
export function readMasterKey ({ key: option, files = realFiles }: Pick<SetupOptions, 'key' | 'files'>): MasterKeySource | null {
  if ('passphrase' in option) return { kind: 'passphrase', text: option.passphrase }
  if ('key' in option) return { kind: 'key', bytes: parseKey(option.key) }
  // A secret of a container is mounted as a link, so this one file may be one: it is on a trusted disk.
  const bytes = readWhole(files, option.file, KEY_FILE_BYTES_MAX, 'follow')
  return bytes === null ? null : { kind: 'key', bytes: parseKey(bytes.toString('latin1')) }
}

/** Makes the store, and the key file where one was named and isn't there. The key is on the disk before
 *  anything is sealed with it.
 *  @throws StoreError store_exists, key_malformed, and whatever a file call throws */
export function createStore (options: SetupOptions): Made {
  const { root, anchor, files = realFiles } = options
  if (isStoreKnown(options)) throw new StoreError('store_exists', { place: isVacant(files, root) ? anchor : root })
  const known = readMasterKey(options)
  const keyFile = known === null && 'file' in options.key ? options.key.file : null
  if (keyFile !== null) makeKeyFile(files, keyFile)
  const source = known ?? readMasterKey(options)
  if (source === null) throw new StoreError('key_missing')
  files.mkdir(dirname(root))
  createStoreFiles(root, anchor, source, files)
  return { root, keyFile }
}

/** The key of a store that exists.
 *  @throws StoreError key_missing, so that no second key is ever made for it */
export function requireMasterKey (options: Pick<SetupOptions, 'key' | 'files'>): MasterKeySource {
  const source = readMasterKey(options)
  if (source !== null) return source
  const place = 'file' in options.key ? options.key.file : ''
  throw new StoreError('key_missing', { place, hint: hints.restoreKeyFile })
}

function makeKeyFile (files: Files, path: string): void {
  files.mkdir(dirname(path))
  let fd: number
  try {
    fd = files.open(path, 'create')
  } catch (err) {
    // Somebody made it just now; it is read like any other.
    if (isTaken(err)) return
    throw err
  }
  try {
    writeAll(files, fd, Buffer.from(`${randomBytes(KEY_BYTES).toString('base64')}\n`), 0)
    files.fsync(fd)
  } finally {
    files.close(fd)
  }
  syncDirectory(files, dirname(path))
}
