import t from 'tap'
import { etag, requireMatch } from '../../../domain/etags.js'
import { limits } from '../../../domain/users/limits.js'
import { userDocuments } from '../../../domain/users/documents.js'
import { newId } from '../../../domain/ids.js'
import type { Store } from '../../../storage/index.js'
import { build } from './house.js'

const escape = (text: string): string => [...text].map((char) => char.codePointAt(0)?.toString(16)).join(' ')

/** Users without accounts, straight into the store: quicker than a password each. */
async function populate (store: Store, names: string[]): Promise<void> {
  const users = names.map((username) => userDocuments.put({ id: newId(), createdAt: 1, status: 'active', username, displayName: null }))
  await store.commit([], () => ({ puts: users, result: null }))
}

t.test('others see four things of a user, users themselves one more', async (t) => {
  const { join, users } = await build(t)
  const { caller, user } = await join('ana')
  t.same((await users.one(user.id)).body, { id: user.id, username: 'ana', displayName: 'ana', createdAt: '2025-11-10T14:20:01.500Z' })
  t.same(Object.keys((await users.me(caller)).body), ['id', 'username', 'displayName', 'createdAt', 'status'])
  t.same(await users.find(user.id), (await users.one(user.id)).body)
})

t.test('who is not there is not there', async (t) => {
  const { users } = await build(t)
  await t.rejects(users.one(newId()), { code: 'user_not_found' })
  await t.rejects(users.me({ userId: newId(), sessionId: newId() }), { code: 'user_not_found' })
  await t.rejects(users.change({ userId: newId(), sessionId: newId() }, { displayName: 'x' }), { code: 'user_not_found' })
  t.equal(await users.find(newId()), null)
})

t.test('change', async (t) => {
  t.test('sets the display name, and null takes it away', async (t) => {
    const { join, users } = await build(t)
    const { caller } = await join('ana')
    t.match(await users.change(caller, { displayName: '  Ana   Ñ ' }), { body: { displayName: 'Ana Ñ' } })
    const before = await users.me(caller)
    t.same(await users.change(caller, {}), before, 'an empty patch changes nothing')
    t.match(await users.change(caller, { displayName: null }), { body: { displayName: 'ana' } })
    t.ok((await users.me(caller)).version > before.version)
  })

  t.test('only over the version that was seen', async (t) => {
    const { join, users } = await build(t)
    const { caller } = await join('ana')
    const { version } = await users.me(caller)
    const changes = await Promise.allSettled([1, 2, 3].map((n) => users.change(caller, { displayName: `Ana ${n}` }, etag(version))))
    t.same(changes.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected'])
    await t.rejects(users.change(caller, { displayName: 'Ana' }, etag(version)), { code: 'precondition_failed' })
    t.match(await users.change(caller, { displayName: 'Ana' }, etag((await users.me(caller)).version)), { body: { displayName: 'Ana' } })
  })

  t.test('refuses what can\'t be read or turns the line around', async (t) => {
    const { join, users } = await build(t)
    const { caller } = await join('ana')
    const names = ['   ', '\u200b', '\u3164', 'a\nb', 'a\u0000', 'a\u202eb', '\u2067a', '\ud800', 'a'.repeat(65), '\u0301', '\u2800', 'a\u2028b', 'a\ufeffb', '\u{e0041}']
    for (const displayName of names) {
      await t.rejects(users.change(caller, { displayName }), { code: 'validation_failed', faults: [{ field: '/displayName' }] }, escape(displayName))
    }
    for (const displayName of ['👩‍👩‍👧', 'ك', 'José 😀', '李', '?']) t.match(await users.change(caller, { displayName }), { body: { displayName } })
  })
})

t.test('page', async (t) => {
  t.test('shows everybody once, page by page, whoever joins meanwhile', async (t) => {
    const { store, users } = await build(t)
    await populate(store, Array.from({ length: 25 }, (_, i) => `user${i}`))
    const seen: string[] = []
    let cursor: string | undefined
    for (;;) {
      const { items, next } = await users.page({ limit: 10, ...cursor !== undefined && { cursor } })
      seen.push(...items.map(({ username }) => username))
      if (next === null) break
      cursor = next
      if (seen.length === 10) await populate(store, ['late'])
    }
    t.same(seen, [...Array.from({ length: 25 }, (_, i) => `user${i}`), 'late'])
  })

  t.test('a last page that is just full has no next', async (t) => {
    const { store, users } = await build(t)
    await populate(store, ['ana', 'bea'])
    t.equal((await users.page({ limit: 2 })).next, null)
    t.equal((await build(t).then(({ users }) => users.page({ limit: 2 }))).next, null)
  })

  t.test('finds by name, by what looks like it, and by display name', async (t) => {
    const { join, users } = await build(t)
    const [ana, bea] = [await join('Ana'), await join('PaypaI')]
    await users.change(bea.caller, { displayName: 'Beatriz Ñandú' })
    const found = async (q: string) => (await users.page({ q, limit: 10 })).items.map(({ id }) => id)
    for (const q of ['an', 'ANA', 'ａｎａ', 'аn']) t.ok((await found(q)).includes(ana.user.id), q)
    for (const q of ['paypai', 'PAYPAI', 'ñandú', 'N\u0303ANDÚ', 'triz ña']) t.same(await found(q), [bea.user.id], q)
    t.same(await found('nobody'), [])
    t.same(await found('.*'), [])
  })

  t.test('looks at a bounded number of users for one page', async (t) => {
    const { store, users } = await build(t)
    await populate(store, [...Array.from({ length: limits.usersScannedMax + 5 }, (_, i) => `user${i}`), 'needle'])
    const first = await users.page({ q: 'needle', limit: 10 })
    t.match(first, { items: [], next: String })
    t.match(await users.page({ q: 'needle', limit: 10, cursor: first.next ?? '' }), { items: [{ username: 'needle' }], next: null })
  })

  t.test('refuses a cursor that is none of its own', async (t) => {
    const { users } = await build(t)
    for (const cursor of ['x', '!', Buffer.from('{"after":1}').toString('base64url'), Buffer.from('[]').toString('base64url')]) {
      await t.rejects(users.page({ limit: 1, cursor }), { code: 'cursor_invalid' }, cursor)
    }
  })
})

t.test('requireMatch', async (t) => {
  for (const good of [undefined, '*', '"3"', ' "3" ', '"1", "3"']) t.doesNotThrow(() => requireMatch(good, 3), String(good))
  for (const bad of ['', '3', '"4"', 'W/"3"', '"33"', '"1","2"']) t.throws(() => requireMatch(bad, 3), { code: 'precondition_failed' }, bad)
})
