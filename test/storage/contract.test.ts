import t from 'tap'
import { openDiskStore } from '../../storage/disk/disk-store.js'
import { createMemoryStore } from '../../storage/memory.js'
import { storeContract } from '../contract.js'
import { key, makeHome, openStore } from './helper.js'

t.test('the store in memory', (t) => storeContract(t, async (t) => {
  const store = await createMemoryStore()
  t.teardown(() => store.close())
  return store
}))

t.test('the store on disk', (t) => storeContract(t, (t) => openStore(t, makeHome(t))))

t.test('each step of the store is told with its time, whether it ended well or not', async (t) => {
  const home = makeHome(t)
  const steps: string[] = []
  const observer = { event () {}, time (task: string, ms: number, ok: boolean) { steps.push(ok && ms >= 0 ? task : `${task} failed`) } }
  const toldSince = () => [...new Set(steps.splice(0))].sort()
  const first = await openDiskStore({ ...home, key, observer })
  t.same(toldSince(), ['read'])
  await first.commit([], () => ({ puts: [{ key: ['users', 'ana'], value: 1, personal: 'Ana', subjects: ['user:ana'] }], result: null }))
  t.same(toldSince(), ['anchor', 'commit', 'encrypt', 'index', 'write'])
  await first.close()

  const again = await openStore(t, home, { observer })
  t.same(toldSince(), ['read'])
  for (let times = 0; times < 2; times++) t.match(await again.get(['users', 'ana']), { personal: 'Ana' })
  t.same(steps.splice(0), ['decrypt'], 'what was opened once is at hand')
  await t.rejects(openDiskStore({ ...home, key: { kind: 'key', bytes: Buffer.alloc(32, 8) }, observer }), { code: 'key_wrong' })
  t.same(toldSince(), ['read failed'])
})
