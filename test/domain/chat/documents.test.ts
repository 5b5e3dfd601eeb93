import fc from 'fast-check'
import t from 'tap'
import { decodeConversation, decodeHead, encodeConversation, type StoredConversation } from '../../../domain/chat/documents.js'
import { keys } from '../../../domain/chat/keys.js'
import { chatLimits } from '../../../domain/chat/limits.js'
import { type Content, decodeContent, decodeLogEntry, encodeMessage, type MessageEntry } from '../../../domain/chat/log-entries.js'
import { createMemoryStore, type Entry, type Put, type Store } from '../../../storage/index.js'

/** Any text that JSON can carry: lone surrogates and control characters as well. */
const words = fc.string({ unit: 'binary' })
const id = fc.uuid()
const at = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }).map((date) => date.toISOString())
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })

async function throughStore (store: Store, put: Put): Promise<Entry> {
  await store.commit([], () => ({ puts: [put], result: undefined }))
  const entry = await store.get(put.key)
  if (entry === null) throw new Error('not there')
  return entry
}

t.test('a conversation comes back from the store as it went in', async (t) => {
  const store = await createMemoryStore()
  const conversations = fc.record<StoredConversation>({
    v: fc.constant(1 as const),
    kind: fc.constantFrom('direct' as const, 'group' as const, 'channel' as const),
    createdAt: at,
    createdBy: id,
    users: fc.tuple(id, id),
    name: orNull(words),
    topic: orNull(words)
  }, { requiredKeys: ['v', 'kind', 'createdAt', 'createdBy', 'name', 'topic'], noNullPrototype: true })
  await fc.assert(fc.asyncProperty(id, conversations, async (key, conversation) => {
    t.strictSame(decodeConversation(await throughStore(store, encodeConversation(key, conversation))), conversation)
  }))
  await store.close()
})

t.test('a message comes back as it went in', async (t) => {
  const store = await createMemoryStore()
  const entries = fc.record<MessageEntry>({
    v: fc.constant(1 as const), type: fc.constant('message.created' as const), id: fc.string(), by: id, at, sequence: count, ordinal: count, editedAt: at, deletedAt: at
  }, { requiredKeys: ['v', 'type', 'id', 'by', 'at', 'sequence', 'ordinal'], noNullPrototype: true })
  const scalar = fc.oneof(words, fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => Object.is(x, -0) ? 0 : x))
  const contents = fc.record<Content>({
    kind: fc.constant('text' as const),
    text: words,
    attachments: fc.array(fc.record({ id }, { noNullPrototype: true })),
    metadata: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9][\w.:-]{0,20}$/), scalar, { maxKeys: chatLimits.metadataKeysMax, noNullPrototype: true }),
    clientId: fc.string({ minLength: 1 }),
    fingerprint: fc.string()
  }, { requiredKeys: ['kind', 'text', 'attachments', 'metadata'], noNullPrototype: true })
  await fc.assert(fc.asyncProperty(id, count, entries, orNull(contents), async (conversation, seq, value, content) => {
    const entry = await throughStore(store, encodeMessage(conversation, seq, value, content))
    t.strictSame(decodeLogEntry(entry.value), value)
    t.strictSame(decodeContent(entry), content)
    t.same(entry.subjects, content === null ? null : [`conversation:${conversation}`, `user:${value.by}`])
  }))
  await store.close()
})

t.test('a document of another version or shape is refused by name', async (t) => {
  const head = { v: 1, kind: 'group', head: 1, headSequence: 1, ordinal: 0, at: '', members: 1, owners: 1 }
  t.same(decodeHead(head), head)
  for (const bad of [{ ...head, v: 2 }, { ...head, members: -1 }, { ...head, kind: 'club' }, { ...head, head: '1' }, null, []]) {
    t.throws(() => decodeHead(bad), { code: 'integrity', cause: { message: /^head/ } })
  }
  t.throws(() => decodeLogEntry({ v: 1, type: 'message.exploded', at: '', by: '', sequence: 1, ordinal: 1 }), { code: 'integrity' })
})

t.test('where erasure took the words away, the rest stays', async (t) => {
  const entry = { value: { v: 1, kind: 'group', createdAt: '', createdBy: '' }, personal: null, subjects: null, version: 1 }
  t.match(decodeConversation(entry), { kind: 'group', name: null, topic: null })
  t.same(keys.head('a'), ['heads', 'a'])
})
