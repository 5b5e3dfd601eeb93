import t from 'tap'
import { asKey, randomBytes } from '../../storage/cipher.js'
import { createVault, WRAPPERS, type WrappedKey } from '../../storage/vault.js'
import { makeHome, openStore } from './helper.js'
import type { Json, Key, Put, Store, Subjects } from '../../storage/store.js'

const wrappers = Array.from({ length: WRAPPERS }, () => randomBytes(32))
const storeId = randomBytes(16)

function makeVault () {
  const stored = new Map<string, WrappedKey>()
  const vault = createVault(storeId, wrappers, (subject) => stored.get(subject) ?? null)
  return { stored, vault }
}

const subjects: Subjects = ['conversation:c', 'user:u']

t.test('opens under its own row, version and subjects only', async (t) => {
  const { stored, vault } = makeVault()
  const sealed = vault.seal('row', 5, subjects, '{"text":"hola"}', stored)
  t.strictSame(vault.open('row', 5, subjects, sealed), { text: 'hola' })
  t.throws(() => vault.open('row2', 5, subjects, sealed), { code: 'store_damaged' })
  t.throws(() => vault.open('row', 6, subjects, sealed), { code: 'store_damaged' })
  t.equal(vault.open('row', 5, ['user:u', 'user:none'], sealed), null, 'a subject without a key')
  t.throws(() => vault.open('row', 5, ['user:u'], sealed), { code: 'store_damaged' })
  t.throws(() => vault.open('row', 5, ['user:u', 'conversation:c'], sealed), { code: 'store_damaged' })
})

t.test('every flipped byte and every cut is damage', async (t) => {
  const { stored, vault } = makeVault()
  const bytes = Buffer.from(vault.seal('row', 5, subjects, '"x"', stored), 'base64')
  for (let index = 0; index < bytes.length; index++) {
    const bad = Buffer.from(bytes)
    bad[index] = (bad[index] ?? 0) ^ 1
    t.throws(() => vault.open('row', 5, subjects, bad.toString('base64')), { code: 'store_damaged' }, `byte ${index}`)
    if (index >= 12) t.throws(() => vault.open('row', 5, subjects, bytes.subarray(0, index).toString('base64')), { code: 'store_damaged' }, `cut at ${index}`)
  }
})

t.test('destroying either subject\'s key ends the personal part', async (t) => {
  for (const subject of subjects) {
    const { stored, vault } = makeVault()
    const sealed = vault.seal('row', 5, subjects, '"x"', stored)
    t.strictSame([...stored.keys()], [...subjects])
    stored.delete(subject)
    vault.forget()
    t.equal(vault.open('row', 5, subjects, sealed), null)
  }
})

t.test('a wrapped key opens for its own subject and in its own store only', async (t) => {
  const { stored, vault } = makeVault()
  const sealed = vault.seal('row', 5, subjects, '"x"', stored)
  const mine = stored.get('user:u')
  if (mine === undefined) throw new Error('no key was made')
  stored.set('conversation:c', mine)
  vault.forget()
  t.throws(() => vault.open('row', 5, subjects, sealed), { code: 'store_damaged' })
  const elsewhere = createVault(randomBytes(16), wrappers, () => mine)
  t.throws(() => elsewhere.open('row', 5, ['user:u'], sealed), { code: 'store_damaged' })
  t.ok(asKey(randomBytes(32)))
})

t.test('lists of subjects are never mistaken for each other', async (t) => {
  const { stored, vault } = makeVault()
  const one = vault.seal('row', 1, ['a b'], '"one"', stored)
  const two = vault.seal('row', 1, ['a', 'b'], '"two"', stored)
  vault.forget()
  t.equal(vault.open('row', 1, ['a b'], one), 'one')
  t.equal(vault.open('row', 1, ['a', 'b'], two), 'two')
})

t.test('over a restart', async (t) => {
  const home = makeHome(t)
  const rows: [Key, Subjects][] = [[['r', 1], ['user:u']], [['r', 2], ['conversation:c', 'user:u']], [['r', 3], ['conversation:c']], [['r', 4], ['user:u', 'user:v']]]
  const puts = rows.map(([key, subjects]): Put => ({ key, value: 1, personal: `of ${String(key[1])}`, subjects }))
  const all = async (store: Store): Promise<(Json | undefined)[]> => Promise.all(rows.map(async ([key]) => (await store.get(key))?.personal))
  const wanted = ['of 1', 'of 2', 'of 3', 'of 4']
  const store = await openStore(t, home)

  await t.test('a batch that can\'t be encoded leaves no key that is stored nowhere', async (t) => {
    const bad = [...puts, { key: ['\0'] as const, value: 1 }]
    await t.rejects(store.commit([], () => ({ puts: bad, result: null })), { code: 'misuse' })
    await t.rejects(store.commit([], () => ({ puts: [...puts, { key: ['large'], value: 'x'.repeat(2 ** 20) }], result: null })), { code: 'batch_too_large' })
  })

  await t.test('rows of one batch share the keys of its new subjects', async (t) => {
    await store.commit([], () => ({ puts, result: null }))
    await store.commit([], () => ({ puts: [{ key: ['r', 5], value: 1, personal: 'of 5', subjects: ['user:v'] }], result: null }))
    t.strictSame(await all(store), wanted)
    await store.close()
    const again = await openStore(t, home)
    t.strictSame(await all(again), wanted)
    t.equal((await again.get(['r', 5]))?.personal, 'of 5')
    await again.close()
  })
})
