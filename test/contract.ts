import type { Test } from 'tap'
import type { Batch, Key, Range, ScanOptions, Store } from '../storage/store.js'

type OpenEmpty = (t: Test) => Promise<Store>

const put = (store: Store, key: Key, value: number | string) => store.commit([], () => ({ puts: [{ key, value }], result: null }))

async function keysIn (store: Store, range: Range, options?: ScanOptions): Promise<Key[]> {
  const keys: Key[] = []
  for await (const { key } of store.scan(range, options)) keys.push(key)
  return keys
}

/** Takes the next number of a counter and leaves a row under it. */
const takeNumber = (store: Store, who: number) => store.commit([['counter']], (current) => {
  const next = Number(current.get(['counter'])?.value ?? 0) + 1
  return { puts: [{ key: ['counter'], value: next }, { key: ['log', next], value: who }], result: next }
})

/** What every store must do, on disk or in memory. A new kind of store earns its place by passing this. */
export async function storeContract (t: Test, openEmpty: OpenEmpty) {
  await t.test('reading', (t) => reading(t, openEmpty))
  await t.test('scanning', (t) => scanning(t, openEmpty))
  await t.test('committing', (t) => committing(t, openEmpty))
  await t.test('telling', (t) => telling(t, openEmpty))
  await t.test('personal parts', (t) => personal(t, openEmpty))
  await t.test('limits', (t) => limits(t, openEmpty))
}

async function reading (t: Test, openEmpty: OpenEmpty) {
  const store = await openEmpty(t)

  await t.test('says null, not an error, for what is not there', async (t) => {
    t.equal(await store.get(['users', 'nobody']), null)
    t.equal(store.sequence, 0)
  })

  await t.test('gives back what it was given, with the sequence that wrote it', async (t) => {
    const value = { name: 'Ana', tags: ['a', null, true, 1.5], nested: { ñ: '💬' } }
    await store.commit([], () => ({ puts: [{ key: ['users', 'ana'], value }], result: null }))
    t.strictSame(await store.get(['users', 'ana']), { value, personal: null, subjects: null, version: store.sequence })
  })

  await t.test('what it gives can\'t be changed', async (t) => {
    const entry = await store.get(['users', 'ana'])
    const { tags } = Object(entry?.value)
    t.ok(Object.isFrozen(tags))
    t.throws(() => { tags.push('x') }, TypeError)
    t.ok(Object.isFrozen(entry))
    const { value: row } = await store.scan({ prefix: ['users'] }).next()
    t.ok(Object.isFrozen(row.key))
  })

  await t.test('what was given may be changed afterwards, the store keeps what it was', async (t) => {
    const value = { tags: ['kept'] }
    const subjects: [string] = ['user:kept']
    const key: [string, string] = ['users', 'kept']
    const personal = { name: 'kept' }
    const done = store.commit([], () => ({ puts: [{ key, value, personal, subjects }], result: null }))
    value.tags[0] = personal.name = subjects[0] = key[1] = 'changed'
    await done
    t.match(await store.get(['users', 'kept']), { value: { tags: ['kept'] }, personal: { name: 'kept' }, subjects: ['user:kept'] })
    t.strictSame(await keysIn(store, { prefix: ['users'], from: 'kept' }), [['users', 'kept']])
  })

  await t.test('refuses keys that can\'t be kept in order', async (t) => {
    for (const bad of ['nul\0', '\uffff', '\ud800', -1, 1.5, 2 ** 53, Number.NaN]) {
      await t.rejects(put(store, ['k', bad], 1), { code: 'misuse' }, JSON.stringify(bad))
    }
  })
}

async function scanning (t: Test, openEmpty: OpenEmpty) {
  const store = await openEmpty(t)
  const numbers = [0, 1, 2, 9, 10, 11, 99, 100, 1e6, Number.MAX_SAFE_INTEGER]
  const words = ['', 'a', 'a ', 'ab', 'b', 'é', '\ue000', '💬']
  const inOrder: Key[] = [['log'], ...numbers.map((n): Key => ['log', n]), ...[...words].sort().map((w): Key => ['log', w])]
  await store.commit([], () => ({
    puts: [...inOrder].reverse().concat([['lo'], ['log2', 1], ['loh', 'x'], ['kog', 5]]).map((key) => ({ key, value: 1 })), result: null
  }))
  const prefix: Key = ['log']

  await t.test('gives a prefix in order: the shorter first, numbers by value, then texts by code unit', async (t) => {
    t.strictSame(await keysIn(store, { prefix }), inOrder)
    t.strictSame(await keysIn(store, { prefix }, { reverse: true }), [...inOrder].reverse())
  })

  await t.test('keeps to its bounds, both ways', async (t) => {
    const cases: [Omit<Range, 'prefix'>, ScanOptions, unknown[]][] = [
      [{ from: 9, to: 100 }, {}, [9, 10, 11, 99]],
      [{ after: 9, to: 100 }, {}, [10, 11, 99]],
      [{ from: 9, to: 100 }, { reverse: true }, [99, 11, 10, 9]],
      [{ after: 9, to: 100 }, { reverse: true, limit: 2 }, [99, 11]],
      [{ from: 3, to: 9 }, {}, []],
      [{ to: 2 }, { limit: 9 }, [undefined, 0, 1]],
      [{ from: 'a', to: 'b' }, {}, ['a', 'a ', 'ab']],
      [{ from: 5 }, { limit: 0 }, []],
      [{ from: 100, to: 9 }, {}, []]
    ]
    for (const [range, options, wanted] of cases) {
      t.strictSame((await keysIn(store, { prefix, ...range }, options)).map((key) => key[1]), wanted, JSON.stringify([range, options]))
    }
  })

  await t.test('sees one moment, whatever is committed meanwhile', async (t) => {
    const rows = store.scan({ prefix, from: 0, to: 100 })
    const first = await rows.next()
    await store.commit([], () => ({ puts: [{ key: ['log', 50], value: 2 }, { key: ['log', 99], value: 2 }], deletes: [['log', 9]], result: null }))
    const seen = [first.value]
    for await (const row of rows) seen.push(row)
    t.strictSame(seen.map(({ key, entry }) => [key[1], entry.value]), [0, 1, 2, 9, 10, 11, 99].map((n) => [n, 1]))
    t.strictSame((await keysIn(store, { prefix, from: 9, to: 100 })).map((key) => key[1]), [10, 11, 50, 99])
  })
}

async function committing (t: Test, openEmpty: OpenEmpty) {
  await t.test('all of a batch is visible at once, and only when the commit is done', async (t) => {
    const store = await openEmpty(t)
    const done = store.commit([], () => ({ puts: [{ key: ['a'], value: 1 }, { key: ['b'], value: 2 }], result: 'r' }))
    t.equal(await store.get(['a']), null)
    t.equal(await done, 'r')
    t.match([await store.get(['a']), await store.get(['b'])], [{ value: 1, version: 1 }, { value: 2, version: 1 }])
    await store.commit([['a']], () => ({ puts: [{ key: ['b'], value: 3 }], deletes: [['a']], result: null }))
    t.equal(await store.get(['a']), null)
    t.match(await store.get(['b']), { value: 3, version: 2 })
  })

  await t.test('a build that throws writes nothing, and its error comes back', async (t) => {
    const store = await openEmpty(t)
    await t.rejects(store.commit([['a']], () => { throw new RangeError('no') }), RangeError)
    await t.rejects(store.commit([], () => ({ puts: [{ key: ['a'], value: 1 }, { key: ['\0'], value: 1 }], result: null })), { code: 'misuse' })
    t.equal(await store.get(['a']), null)
    await put(store, ['a'], 2)
    t.equal(store.sequence, 1)
  })

  await t.test('builds run one after the other, on what was accepted before', async (t) => {
    const store = await openEmpty(t)
    const who = Array.from({ length: 256 }, (_, n) => n)
    const numbers = await Promise.all(who.map((n) => takeNumber(store, n)))
    t.strictSame(numbers, who.map((n) => n + 1))
    t.equal((await keysIn(store, { prefix: ['log'] })).length, 256)
    t.ok(store.stats().groups < 128, `${store.stats().groups} groups for 256 batches`)
  })

  await t.test('knows its sequence beforehand', async (t) => {
    const store = await openEmpty(t)
    const told = await Promise.all([1, 2, 3].map((n) => store.commit([], (_, sequence) => ({ puts: [{ key: ['n', n], value: 1 }], result: sequence }))))
    t.strictSame(told, [1, 2, 3])
    t.equal((await store.get(['n', 2]))?.version, 2)
  })

  await t.test('an answer without a write, and a refusal, wait for what they rest on', async (t) => {
    const store = await openEmpty(t)
    const order: string[] = []
    await Promise.all([
      put(store, ['a'], 1).then(() => order.push('write')),
      store.commit([['a']], (current) => ({ result: current.get(['a'])?.value })).then((seen) => order.push(`read ${String(seen)}`)),
      store.commit([['a']], (current) => { throw new Error(`refused at ${String(current.get(['a'])?.value)}`) }).catch((err: Error) => order.push(err.message)),
      store.commit([['b']], () => ({ result: null })).then(() => order.push('nothing to wait for'))
    ])
    t.strictSame(order, ['nothing to wait for', 'write', 'read 1', 'refused at 1'])
    t.equal(store.sequence, 1)
  })

  await t.test('a key that was not loaded may not be asked for', async (t) => {
    const store = await openEmpty(t)
    await t.rejects(store.commit([['a']], (current) => ({ result: current.get(['b']) })), { code: 'misuse' })
    await t.rejects(store.commit([], () => ({ puts: [{ key: ['subject-keys', 'x'], value: 1 }], result: null })), { code: 'misuse' })
  })

  await t.test('a commit within a build is refused, and no number is used twice', async (t) => {
    const store = await openEmpty(t)
    let inner: Promise<unknown> = Promise.resolve()
    await t.rejects(store.commit([], () => {
      inner = put(store, ['inner'], 1)
      return { puts: [{ key: ['outer'], value: 1 }], result: null }
    }), { code: 'misuse' })
    await inner
    t.equal(store.sequence, 1)
  })

  await t.test('what is written twice in a batch counts as written last', async (t) => {
    const store = await openEmpty(t)
    await store.commit([], () => ({ puts: [{ key: ['a'], value: 1 }, { key: ['a'], value: 2 }, { key: ['b'], value: 1 }], deletes: [['b'], ['c']], result: null }))
    t.equal((await store.get(['a']))?.value, 2)
    t.equal(await store.get(['b']), null)
  })
}

async function telling (t: Test, openEmpty: OpenEmpty) {
  const store = await openEmpty(t)
  const seen: Batch[] = []
  const end = store.subscribe((batch) => { seen.push(batch) })
  store.subscribe(() => { throw new Error('a listener of no manners') })

  await t.test('tells every batch once, in order, before the commit is answered', async (t) => {
    await Promise.all(Array.from({ length: 40 }, async (_, n) => {
      const number = await takeNumber(store, n)
      t.ok(seen.some(({ sequence }) => sequence === number), `batch ${number} was told first`)
    }))
    t.strictSame(seen.map(({ sequence }) => sequence), Array.from({ length: 40 }, (_, n) => n + 1))
    t.match(seen[4]?.changes, [{ key: ['counter'], entry: { value: 5 } }, { key: ['log', 5], entry: { value: 4 } }])
  })

  await t.test('a delete has no entry, and who has left hears nothing', async (t) => {
    await store.commit([], () => ({ deletes: [['log', 5]], result: null }))
    t.match(seen.at(-1)?.changes, [{ key: ['log', 5], entry: null }])
    end()
    await put(store, ['x'], 1)
    t.equal(seen.length, 41)
  })
}

async function personal (t: Test, openEmpty: OpenEmpty) {
  const store = await openEmpty(t)

  await t.test('are given back to whoever may read the row', async (t) => {
    await store.commit([], () => ({
      puts: [
        { key: ['m', 1], value: 1, personal: { text: 'hola' }, subjects: ['conversation:c', 'user:u'] },
        { key: ['m', 2], value: 2, personal: ['x'], subjects: ['user:u'] },
        { key: ['m', 3], value: 3, personal: null, subjects: ['user:u'] }
      ],
      result: null
    }))
    t.match(await store.get(['m', 1]), { value: 1, personal: { text: 'hola' }, subjects: ['conversation:c', 'user:u'] })
    t.match(await store.get(['m', 2]), { personal: ['x'], subjects: ['user:u'] })
    t.match(await store.get(['m', 3]), { personal: null, subjects: null })
  })

  await t.test('need one or two subjects', async (t) => {
    const key: Key = ['m', 4]
    await t.rejects(store.commit([], () => ({ puts: [{ key, value: 1, personal: 'x' }], result: null })), { code: 'misuse' })
    const none = JSON.parse('[]') as [string]
    const three = JSON.parse('["a","b","c"]') as [string, string]
    for (const subjects of [none, three]) {
      await t.rejects(store.commit([], () => ({ puts: [{ key, value: 1, personal: 'x', subjects }], result: null })), { code: 'misuse' })
    }
    t.equal(await store.get(key), null)
  })

  await t.test('blind() tells nothing, is the same for the same, and another for another label', async (t) => {
    t.match(store.blind('username', 'ana'), /^[\w-]{22}$/)
    t.equal(store.blind('username', 'ana'), store.blind('username', 'ana'))
    t.not(store.blind('username', 'ana'), store.blind('direct', 'ana'))
    t.not(store.blind('username', 'ana'), store.blind('username', 'anb'))
    t.not(store.blind('username', 'ana'), (await openEmpty(t)).blind('username', 'ana'), 'and in no other store')
  })
}

async function limits (t: Test, openEmpty: OpenEmpty) {
  await t.test('a batch too large is refused, and nothing of it is kept', async (t) => {
    const store = await openEmpty(t)
    await t.rejects(store.commit([], () => ({
      puts: [{ key: ['a'], value: 'x'.repeat(1024 * 1024), personal: 'p', subjects: ['user:new'] }], result: null
    })), { code: 'batch_too_large' })
    await store.commit([], () => ({ puts: [{ key: ['b'], value: '€'.repeat(1024 * 1024 - 200), personal: 'p', subjects: ['user:new'] }], result: null }))
    t.equal(await store.get(['a']), null)
    t.match(await store.get(['b']), { personal: 'p' })
  })

  await t.test('past the bound of the queue commits are refused, and the accepted ones are all kept', async (t) => {
    const store = await openEmpty(t)
    const large = 'x'.repeat(900_000)
    const results = await Promise.allSettled(Array.from({ length: 14 }, (_, n) => put(store, ['large', n], large)))
    const kept = results.flatMap(({ status }, n) => status === 'fulfilled' ? [n] : [])
    const refused = results.flatMap((each) => each.status === 'rejected' ? [String(each.reason.code)] : [])
    t.ok(kept.length >= 9, `${kept.length} accepted`)
    t.ok(refused.length > 0 && refused.every((code) => code === 'store_busy'))
    t.strictSame((await keysIn(store, { prefix: ['large'] })).map((key) => key[1]), kept)
    await put(store, ['after'], 1)
    t.equal(store.stats().queuedCharacters, 0)
  })

  await t.test('close() ends what was begun and refuses what comes after', async (t) => {
    const store = await openEmpty(t)
    const begun = put(store, ['begun'], 1)
    const closing = store.close()
    await t.rejects(put(store, ['late'], 1), { code: 'store_closed' })
    await Promise.all([begun, closing])
    await t.rejects(put(store, ['later'], 1), { code: 'store_closed' })
    t.equal(store.stats().writable, 'closed')
    await store.close()
  })
}
