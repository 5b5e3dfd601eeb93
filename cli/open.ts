import { loadConfig } from '../plugins/config.js'
import { storePlaces } from '../plugins/store.js'
import { hints, isStoreKnown, openDiskStore, requireMasterKey, StoreError } from '../storage/index.js'
import { parseOptions, type Verb } from './verb.js'

const help = `nexu open [--accept-head HASH]

Opens the store as the server would, says how that went, and closes it. Where the anchor does
not vouch for what is there (a store that was put back, a new machine), the answer names the
head that is there; accepting it is a decision of yours.

  --accept-head HASH   take this head, and begin a new history with it: clients that were
                       connected before load everything anew`

export default {
  summary: 'open the store once; accept a head that no anchor vouches for',
  help,
  async run (args) {
    const options = parseOptions(args, { 'accept-head': { type: 'string' } }, help)
    const config = loadConfig()
    const places = storePlaces(config)
    if (!isStoreKnown(places)) throw new StoreError('store_missing', { place: places.root, hint: hints.init })
    const { root, anchor } = places
    const store = await openDiskStore({
      root,
      anchor,
      key: requireMasterKey(places),
      trust: { policy: config.ANCHOR_POLICY, acceptHead: options['accept-head'] ?? null },
      observer: { time () {}, event: tell }
    })
    process.stdout.write(`El almacén se abre; secuencia ${store.sequence}, historia ${store.historyId} (the store opens)\n`)
    await store.close()
  }
} satisfies Verb

function tell (level: string, code: string, details: Record<string, unknown>): void {
  if (level === 'info') return
  const { err } = details
  const rest = err instanceof StoreError ? err.explanation : JSON.stringify(details)
  process.stderr.write(`${level}: ${code} ${rest}\n`)
}
