import { loadConfig } from '../plugins/config.js'
import { announcements, storePlaces } from '../plugins/store.js'
import { createStore, isStoreKnown } from '../storage/index.js'
import { parseOptions, type Verb } from './verb.js'

const help = `nexu init [--if-new]

Makes an empty store under NFS_PATH and its anchor under ANCHOR_PATH, and the key file of
ENCRYPTION_KEY_FILE where it is not there. Refuses where a store or an anchor is already.

  --if-new   do nothing, and succeed, where a store or an anchor is already`

export default {
  summary: 'make an empty store, and its key file',
  help,
  async run (args) {
    const options = parseOptions(args, { 'if-new': { type: 'boolean' } }, help)
    const places = storePlaces(loadConfig())
    if (options['if-new'] === true && isStoreKnown(places)) return
    for (const line of announcements(createStore(places))) process.stdout.write(`${line}\n`)
  }
} satisfies Verb
