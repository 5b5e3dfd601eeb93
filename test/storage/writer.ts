import { once } from 'node:events'
import { openDiskStore } from '../../storage/disk/disk-store.js'
import { codeOf, key } from './helper.js'

/** A process of its own that writes without end and says what it was told to be durable:
 *  `node writer.js ROOT ANCHOR WRITERS [TERM_MS BEAT_MS]`. */
const [root = '', anchor = '', writers = '0', termMs = '15000', beatMs = '5000'] = process.argv.slice(2)

/** One counter under contention, and a row for each number; every write says its own name. */
async function write (store: Awaited<ReturnType<typeof openDiskStore>>, who: number) {
  for (let round = 0; ; round++) {
    const name = `${process.pid}-${who}-${round}`
    const number = await store.commit([['counter']], (current) => {
      const next = Number(current.get(['counter'])?.value ?? 0) + 1
      return { puts: [{ key: ['counter'], value: next }, { key: ['log', next], value: name, personal: name, subjects: [`user:${who}`] }], result: next }
    })
    if (!process.stdout.write(`${number} ${name}\n`)) await once(process.stdout, 'drain')
  }
}

try {
  const onFatal = (err: Error) => {
    console.log(`fatal ${codeOf(err)}`)
    process.exit(75)
  }
  const store = await openDiskStore({ root, anchor, key, onFatal, termMs: Number(termMs), beatMs: Number(beatMs), foldJournalBytes: 200_000 })
  console.log(`open ${store.sequence}`)
  await Promise.all(Array.from({ length: Number(writers) }, (_, who) => write(store, who)))
  // Nothing to write: it only holds the store.
  setInterval(() => {}, 1000)
} catch (err) {
  console.log(`error ${codeOf(err)} ${err instanceof Error ? err.message : ''}`)
  process.exit(err instanceof Error && 'exitCode' in err ? Number(err.exitCode) : 1)
}
