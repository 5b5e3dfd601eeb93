import { join, resolve } from 'node:path'
import fp from 'fastify-plugin'
import type { Config } from '../domain/system/config.js'
import {
  createStore, hints, isStoreKnown, openDiskStore, requireMasterKey, StoreError, type DiskStoreOptions, type KeyOption, type Made, type Store
} from '../storage/index.js'
import { createStoreObserver } from './logging.js'

declare module 'fastify' {
  interface FastifyInstance { store: Store }
}

export interface StorePluginOptions {
  /** An open store to use in the place of the configuration's. */
  store?: Store
  /** Called where this process may no longer write: it should end. */
  onFatal?: (err: StoreError) => void
}

/** The store, opened at the start and closed at the end. Outside production the first start makes it. */
export default fp<StorePluginOptions>(async (app, { store: given, onFatal }) => {
  const store = given ?? await openStore(app.config, {
    observer: createStoreObserver(app.log),
    ...(onFatal && { onFatal })
  }, (made) => { for (const line of announcements(made)) app.log.warn(line) })
  app.decorate('store', store)
  app.addHook('onClose', () => store.close())
}, { name: 'store', dependencies: ['config', 'logging'] })

/** Where a configuration has its store, and with which key. */
export function storePlaces (config: Config): { root: string, anchor: string, key: KeyOption } {
  return { root: resolve(join(config.NFS_PATH, 'nexu')), anchor: resolve(config.ANCHOR_PATH), key: keyOption(config) }
}

function keyOption ({ ENCRYPTION_KEY, ENCRYPTION_PASSPHRASE, ENCRYPTION_KEY_FILE }: Config): KeyOption {
  if (ENCRYPTION_KEY !== undefined) return { key: ENCRYPTION_KEY }
  if (ENCRYPTION_PASSPHRASE !== undefined) return { passphrase: ENCRYPTION_PASSPHRASE }
  return { file: resolve(ENCRYPTION_KEY_FILE ?? '') }
}

type OpenOptions = Pick<DiskStoreOptions, 'observer' | 'onFatal' | 'trust'>

/** Opens the store of a configuration. `onMade` hears of a store and a key that had to be made first, which
 *  happens outside production only.
 *  @throws StoreError with the verdict */
export async function openStore (config: Config, options: OpenOptions, onMade: (made: Made) => void): Promise<Store> {
  const places = storePlaces(config)
  if (config.NODE_ENV !== 'production' && !isStoreKnown(places)) onMade(createStore(places))
  if (!isStoreKnown(places)) {
    throw new StoreError('store_missing', { place: places.root, hint: hints.init })
  }
  const { root, anchor } = places
  const trust = { policy: config.ANCHOR_POLICY, acceptHead: null }
  return openDiskStore({ root, anchor, key: requireMasterKey(places), trust, ...options })
}

/** What an operator must hear about a new store, loudly. */
export function announcements ({ keyFile, root }: Made): string[] {
  const lines = [`Almacén cifrado nuevo en ${root} (new encrypted store)`]
  if (keyFile === null) return lines
  return [
    ...lines,
    `CLAVE MAESTRA NUEVA en ${keyFile}: cópiala ahora a un lugar seguro, lejos de los datos; sin ella nada de lo guardado se recupera`,
    `NEW MASTER KEY in ${keyFile}: copy it to a safe place now, away from the data; without it nothing stored can be read`
  ]
}
