import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  credentialsDocuments, load, nameDocuments, sessionDocuments, signingKeyDocuments, userDocuments, userSessionsDocuments
} from '../../../domain/users/documents.js'
import { createMemoryStore, type Entry, type Key, type Put } from '../../../storage/index.js'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const id = fc.uuid({ version: 7 })
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER })

interface Documents<D> { key: (id: string) => Key, put: (document: D) => Put, read: (id: string, entry: Entry | null) => object | null }

function check<D extends { id: string }> (t: Test, name: string, documents: Documents<D>, any: fc.Arbitrary<D>) {
  t.test(`a ${name} comes back from the store as it went in`, async (t) => {
    const store = await createMemoryStore()
    t.teardown(() => store.close())
    await fc.assert(fc.asyncProperty(any, async (document) => {
      const put = documents.put(document)
      await store.commit([], () => ({ puts: [put], result: null }))
      const read = await load(store, documents, document.id)
      return isDeepStrictEqual(put.key, documents.key(document.id)) &&
        isDeepStrictEqual({ ...read }, { ...document, v: 1, version: store.sequence })
    }))
  })
}

check(t, 'user', userDocuments, fc.record({
  id, createdAt: time, status: fc.constant('active' as const), username: text, displayName: fc.option(text)
}))
check(t, 'password', credentialsDocuments, fc.record({ id, changedAt: time, hash: text }))
check(t, 'name', nameDocuments, fc.record({ id: fc.base64String({ minLength: 1 }), userId: id }))
check(t, 'session', sessionDocuments, fc.record({
  id, userId: id, createdAt: time, usedAt: time, expiresAt: time, counter: fc.nat(), rotatedAt: time, refreshKey: text, userAgent: text, address: text
}))
check(t, 'list of sessions', userSessionsDocuments, fc.record({ id, sessions: fc.array(id, { maxLength: 100 }) }))
check(t, 'signing key', signingKeyDocuments, fc.record({ id: fc.nat().map(String), createdAt: time, kid: text, x: text, d: text }))

t.test('what is personal is in the personal part, for its user alone', async (t) => {
  const session = sessionDocuments.put({
    id: 's', userId: 'u', createdAt: 1, usedAt: 1, expiresAt: 2, counter: 0, rotatedAt: 1, refreshKey: 'KEY', userAgent: 'AGENT', address: 'ADDRESS'
  })
  const user = userDocuments.put({ id: 'u', createdAt: 1, status: 'active', username: 'NAME', displayName: 'SHOWN' })
  for (const put of [session, user, credentialsDocuments.put({ id: 'u', changedAt: 1, hash: 'HASH' })]) {
    t.same(put.subjects, ['user:u'])
    t.notMatch(JSON.stringify([put.key, put.value]), /[A-Z]{3}/)
  }
})

t.test('a document without its personal part was erased, and is not there', async (t) => {
  const entry = { value: { v: 1, createdAt: 1, status: 'active' }, personal: null, subjects: null, version: 3 }
  t.equal(userDocuments.read('u', entry), null)
})

t.test('a document of a newer version is refused', async (t) => {
  const entry = { value: { v: 2, userId: 'u' }, personal: null, subjects: null, version: 3 }
  t.throws(() => nameDocuments.read('n', entry), { code: 'integrity', cause: /^Error: username\/v is not/ })
})
