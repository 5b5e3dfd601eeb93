import t from 'tap'
import { person, scene } from './people.js'

t.test('POST /v1/conversations/:id/messages', async (t) => {
  t.test('answers with the stored message', async (t) => {
    const { ana, bea, url, id } = await scene(t)
    const sent = await ana.ask('POST', `${url}/messages`, { text: 'hola, ¿qué tal?', metadata: { a: 1, b: 'x', c: true } })
    t.equal(sent.statusCode, 201)
    t.match(sent.json(), { conversation: id, seq: 3, ordinal: 1, author: ana.id, kind: 'text', text: 'hola, ¿qué tal?', attachments: [], metadata: { a: 1, b: 'x', c: true }, editedAt: null, deletedAt: null })
    t.equal(sent.headers.etag, `"${sent.json().version}"`)
    const read = await bea.ask('GET', String(sent.headers.location))
    t.same(read.json(), sent.json())
    t.equal(read.headers.etag, sent.headers.etag)
  })

  t.test('Idempotency-Key is the clientId', async (t) => {
    const { ana, url } = await scene(t)
    const send = (body: object, key?: string) => ana.ask('POST', `${url}/messages`, body, key === undefined ? {} : { 'idempotency-key': key })
    const first = await send({ text: 'uno' }, 'c-1')
    t.equal(first.json().clientId, 'c-1')
    for (const again of [await send({ text: 'uno' }, 'c-1'), await send({ text: 'uno', clientId: 'c-1' }), await send({ text: 'uno', clientId: 'c-1' }, 'c-1')]) {
      t.match(again, { statusCode: 201, headers: { 'idempotency-replayed': 'true' }, body: first.body })
    }
    t.match((await send({ text: 'dos' }, 'c-1')).json(), { status: 422, code: 'client_id_reused' })
    t.match((await send({ text: 'dos', clientId: 'c-2' }, 'c-3')).json(), { code: 'validation_failed', errors: [{ pointer: '/body/clientId' }] })
    t.equal((await ana.ask('GET', `${url}/messages`)).json().items.length, 1)
  })

  t.test('refuses what the schema refuses, and says which field', async (t) => {
    const { ana, url } = await scene(t)
    const rows = [
      [{ text: '' }, '/body/text'],
      [{ text: 7 }, '/body/text'],
      [{ text: 'x'.repeat(16_385) }, '/body/text'],
      [{ text: 'ñ'.repeat(16_000) }, '/body/text'],
      [{ text: 'x', kind: 'video' }, '/body/kind'],
      [{ text: 'x', attachments: [{ id: 'a' }] }, '/body/attachments'],
      [{ text: 'x', metadata: { a: { b: 1 } } }, '/body/metadata/a'],
      [{ text: 'x', metadata: { a: null } }, '/body/metadata/a'],
      [{ text: 'x', metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 1])) }, '/body/metadata'],
      [{ text: 'x', author: 'me' }, '/body/author']
    ] as const
    for (const [body, pointer] of rows) {
      const answer = await ana.ask('POST', `${url}/messages`, body)
      t.equal(answer.statusCode, 400, pointer)
      t.ok(answer.json().errors.some((error: { pointer: string }) => error.pointer === pointer), `${pointer} in ${answer.body}`)
    }
  })

  t.test('says what no schema can say in the reader\'s language, too', async (t) => {
    const { ana, url } = await scene(t)
    const flawsOf = async (language: string, method: 'GET' | 'POST', query = '', body?: object) =>
      (await ana.ask(method, `${url}/messages${query}`, body, { 'accept-language': language })).json().errors
    const long = { text: 'ñ'.repeat(16_000) }
    t.same(await flawsOf('es', 'POST', '', long), [{ pointer: '/body/text', detail: 'debe tener como mucho 16384 bytes' }])
    t.same(await flawsOf('en', 'POST', '', long), [{ pointer: '/body/text', detail: 'must have at most 16384 bytes' }])
    t.same(await flawsOf('en', 'GET', '?before=2&after=1'), [{ pointer: '/query', detail: 'before, after, around and cursor exclude each other' }])
  })
})

t.test('GET /v1/conversations/:id/messages', async (t) => {
  const { ana, bea, eva, url } = await scene(t)
  for (let i = 1; i <= 7; i++) await ana.ask('POST', `${url}/messages`, { text: `m${i}` })
  const texts = async (query: string) => (await bea.ask('GET', `${url}/messages${query}`)).json().items.map(({ text }: { text: string }) => text)
  t.same(await texts(''), ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'])
  t.same(await texts('?limit=2'), ['m6', 'm7'])
  t.same(await texts('?limit=2&before=5'), ['m1', 'm2'])
  t.same(await texts('?limit=2&after=5'), ['m4', 'm5'])
  t.same(await texts('?limit=3&around=5'), ['m2', 'm3', 'm4'])
  const { next } = (await bea.ask('GET', `${url}/messages?limit=3`)).json()
  t.same(await texts(`?limit=3&cursor=${next}`), ['m2', 'm3', 'm4'])
  t.match((await bea.ask('GET', `${url}/messages?before=3&after=1`)).json(), { code: 'validation_failed' })
  t.match((await bea.ask('GET', `${url}/messages?page=3`)).json(), { code: 'validation_failed' })
  t.match((await eva.ask('GET', `${url}/messages`)).json(), { code: 'conversation_not_found' })
})

t.test('PATCH and DELETE a message', async (t) => {
  const { ana, bea, url } = await scene(t)
  const sent = await bea.ask('POST', `${url}/messages`, { text: 'uno', metadata: { a: 1, b: 2 } })
  const place = String(sent.headers.location)
  const etag = String(sent.headers.etag)
  t.match((await ana.ask('PATCH', place, { text: 'x' })).json(), { code: 'forbidden' })
  const edited = await bea.ask('PATCH', place, JSON.stringify({ text: 'dos', metadata: { a: null } }), { 'if-match': etag, 'content-type': 'application/merge-patch+json' })
  t.match(edited.json(), { text: 'dos', metadata: { b: 2 }, seq: sent.json().seq })
  t.match(await bea.ask('PATCH', place, { text: 'tres' }, { 'if-match': etag }), { statusCode: 412 })
  const gone = await ana.ask('DELETE', place)
  t.match(gone, { statusCode: 200 })
  t.match(gone.json(), { text: '', metadata: {}, deletedAt: String })
  t.match((await bea.ask('PATCH', place, { text: 'x' })).json(), { status: 410, code: 'message_deleted' })
  t.match((await bea.ask('GET', place)).json(), { text: '' })
  t.equal((await bea.ask('GET', `${url}/messages/nonsense`)).statusCode, 400)
  t.equal((await bea.ask('GET', `${url}/messages/1-0000000000`)).statusCode, 404)
})

t.test('PUT /v1/conversations/:id/read', async (t) => {
  const { ana, bea, eva, url, id } = await scene(t)
  for (let i = 1; i <= 3; i++) await ana.ask('POST', `${url}/messages`, { text: `m${i}` })
  t.equal((await bea.ask('GET', url)).json().unread, 3)
  t.same((await bea.ask('PUT', `${url}/read`, { seq: 4 })).json(), { conversation: id, seq: 4, ordinal: 2, unread: 1 })
  t.same((await bea.ask('PUT', `${url}/read`, { seq: 1 })).json(), { conversation: id, seq: 4, ordinal: 2, unread: 1 })
  t.equal((await bea.ask('GET', '/v1/conversations')).json().items[0].unread, 1)
  t.equal((await eva.ask('PUT', `${url}/read`, { seq: 1 })).statusCode, 404)
  t.equal((await bea.ask('PUT', `${url}/read`, { seq: -1 })).statusCode, 400)
})

t.test('GET /v1/conversations/:id/events gives every entry, each with its own data', async (t) => {
  const { app, ana, bea, url, id } = await scene(t)
  const sent = await bea.ask('POST', `${url}/messages`, { text: 'uno' }, { 'idempotency-key': 'c' })
  await bea.ask('PATCH', String(sent.headers.location), { text: 'dos' })
  await bea.ask('DELETE', String(sent.headers.location))
  const leo = await person(app, 'leo')
  await ana.ask('PUT', `${url}/members/${leo.id}`)
  await ana.ask('PATCH', `${url}/members/${leo.id}`, { role: 'admin' })
  await leo.ask('POST', `${url}/leave`)
  await ana.ask('PATCH', url, { name: 'Otro' })

  const all = (await ana.ask('GET', `${url}/events?after=2`)).json()
  t.match(all.items, [
    { type: 'message.created', seq: 3, conversation: id, cursor: String, at: String, data: { text: '', author: bea.id } },
    { type: 'message.edited', seq: 4, data: { id: sent.json().id } },
    { type: 'message.deleted', seq: 5, data: { by: bea.id, deletedAt: String } },
    { type: 'member.joined', seq: 6, data: { user: leo.id, role: 'member', by: ana.id } },
    { type: 'member.changed', seq: 7, data: { user: leo.id, role: 'admin', by: ana.id } },
    { type: 'member.left', seq: 8, data: { user: leo.id, by: leo.id } },
    { type: 'conversation.changed', seq: 9, data: { name: 'Otro', topic: null, by: ana.id } }
  ])
  t.equal(all.next, null)
  const page = (await ana.ask('GET', `${url}/events?limit=4`)).json()
  t.same(page.items.map(({ seq }: { seq: number }) => seq), [1, 2, 3, 4])
  t.equal((await ana.ask('GET', `${url}/events?limit=4&cursor=${page.next}`)).json().items[0].seq, 5)
})
