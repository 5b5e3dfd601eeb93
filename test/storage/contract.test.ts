import t from 'tap'
import { createMemoryStore } from '../../storage/memory.js'
import { storeContract } from '../contract.js'
import { makeHome, openStore } from './helper.js'

t.test('the store in memory', (t) => storeContract(t, async (t) => {
  const store = await createMemoryStore()
  t.teardown(() => store.close())
  return store
}))

t.test('the store on disk', (t) => storeContract(t, (t) => openStore(t, makeHome(t))))
