import t from 'tap'
import { newId } from '../../../domain/ids.js'
import { scene } from './people.js'

t.test('POST /v1/conversations', async (t) => {
  t.test('answers with the conversation, where it is and its ETag', async (t) => {
    const { made, ana } = await scene(t)
    t.equal(made.statusCode, 201)
    t.match(made.json(), { kind: 'group', name: 'Equipo', topic: null, peer: null, members: 2, role: 'owner', unread: 0, createdBy: ana.id })
    t.equal(made.headers.location, `/v1/conversations/${made.json().id}`)
    t.equal(made.headers.etag, `"${made.json().version}"`)
  })

  t.test('with an Idempotency-Key it is made once', async (t) => {
    const { ana } = await scene(t)
    const make = (name: string) => ana.ask('POST', '/v1/conversations', { kind: 'channel', name }, { 'idempotency-key': 'k-1' })
    const [first, second] = [await make('Avisos'), await make('Avisos')]
    t.notOk('idempotency-replayed' in first.headers)
    t.match(second, { statusCode: 201, headers: { 'idempotency-replayed': 'true' } })
    t.equal(second.body, first.body)
    t.match(await make('Otro'), { statusCode: 422 })
    t.match((await make('Otro')).json(), { code: 'idempotency_key_reused' })
  })

  t.test('refuses what the schema refuses, and says which field', async (t) => {
    const { ana } = await scene(t)
    const rows = [
      [{ kind: 'group', name: '' }, '/body/name'],
      [{ kind: 'group', name: '   ' }, '/body/name'],
      [{ kind: 'group', name: 'a\nb' }, '/body/name'],
      [{ kind: 'group', name: 'a\u202eb' }, '/body/name'],
      [{ kind: 'group', name: 'a', topic: 'a\u2028b' }, '/body/topic'],
      [{ kind: 'group', name: 'x'.repeat(101) }, '/body/name'],
      [{ kind: 'direct', name: 'x' }, '/body/kind'],
      [{ kind: 'group', name: 'x', members: ['nobody'] }, '/body/members/0'],
      [{ kind: 'group', name: 'x', owner: 'me' }, '/body/owner']
    ] as const
    for (const [body, pointer] of rows) {
      const answer = await ana.ask('POST', '/v1/conversations', body)
      t.equal(answer.statusCode, 400)
      t.match(answer.json(), { code: 'validation_failed', errors: [{ pointer }] }, pointer)
    }
  })
})

t.test('PUT /v1/conversations/direct/:userId is made once and seen from both sides', async (t) => {
  const { ana, bea } = await scene(t)
  const first = await ana.ask('PUT', `/v1/conversations/direct/${bea.id}`)
  const second = await bea.ask('PUT', `/v1/conversations/direct/${ana.id}`)
  t.same([first.statusCode, second.statusCode], [201, 200])
  t.equal(first.json().id, second.json().id)
  t.match(first.json(), { kind: 'direct', name: null, peer: bea.id })
  t.match(second.json(), { peer: ana.id })
  t.match(await ana.ask('PUT', `/v1/conversations/direct/${newId()}`), { statusCode: 404 })
  t.match((await ana.ask('DELETE', `/v1/conversations/${first.json().id}`)).json(), { code: 'conversation_kind_unsuitable' })
})

t.test('GET /v1/conversations', async (t) => {
  const { ana, bea, eva, id } = await scene(t)
  const channel = await eva.ask('POST', '/v1/conversations', { kind: 'channel', name: 'Avisos' })
  t.match((await bea.ask('GET', '/v1/conversations')).json(), { items: [{ id, role: 'member' }], next: null })
  t.match((await bea.ask('GET', '/v1/conversations?scope=public')).json(), { items: [{ id: channel.json().id, role: null, readSeq: null }], next: null })
  await ana.ask('POST', '/v1/conversations', { kind: 'group', name: 'Otro' })
  const page = (await ana.ask('GET', '/v1/conversations?limit=1')).json()
  t.equal(page.items.length, 1)
  t.match((await ana.ask('GET', `/v1/conversations?limit=1&cursor=${page.next}`)).json(), { items: [{ name: 'Otro' }], next: null })
  t.match((await ana.ask('GET', '/v1/conversations?cursor=zz')).json(), { code: 'cursor_invalid' })
  t.equal((await ana.ask('GET', '/v1/conversations?limit=1000')).statusCode, 400)
})

t.test('PATCH /v1/conversations/:id is a merge patch of the version that was seen', async (t) => {
  const { ana, bea, url, made } = await scene(t)
  const etag = String(made.headers.etag)
  const changed = await ana.ask('PATCH', url, { topic: 'Lunes' }, { 'if-match': etag })
  t.match(changed, { statusCode: 200 })
  t.match(changed.json(), { name: 'Equipo', topic: 'Lunes' })
  t.not(changed.headers.etag, etag)
  t.match(await ana.ask('PATCH', url, { name: 'x' }, { 'if-match': etag }), { statusCode: 412 })
  t.match(await ana.ask('PATCH', url, { name: 'x' }, { 'if-match': `W/${changed.headers.etag}` }), { statusCode: 412 })
  t.match(await ana.ask('PATCH', url, { name: 'Dos' }, { 'if-match': `"0", ${changed.headers.etag}` }), { statusCode: 200 })
  t.match((await ana.ask('PATCH', url, { topic: null }, { 'if-match': '*' })).json(), { name: 'Dos', topic: null })
  t.match((await bea.ask('PATCH', url, { name: 'x' })).json(), { code: 'forbidden' })
})

t.test('DELETE /v1/conversations/:id', async (t) => {
  const { ana, bea, url } = await scene(t)
  t.equal((await bea.ask('DELETE', url)).statusCode, 403)
  const gone = await ana.ask('DELETE', url)
  t.equal(gone.statusCode, 204)
  t.equal(gone.body, '')
  for (const { ask } of [ana, bea]) t.match((await ask('GET', url)).json(), { code: 'conversation_not_found' })
  t.same((await ana.ask('GET', '/v1/conversations')).json().items, [])
})

t.test('members', async (t) => {
  const { ana, bea, eva, url } = await scene(t)
  const added = await ana.ask('PUT', `${url}/members/${eva.id}`)
  t.match(added, { statusCode: 201 })
  t.match(added.json(), { user: eva.id, role: 'member' })
  t.equal(added.headers.etag, `"${added.json().version}"`)
  t.match(await ana.ask('PUT', `${url}/members/${eva.id}`, {}), { statusCode: 200 })
  const raised = await ana.ask('PATCH', `${url}/members/${eva.id}`, { role: 'admin' }, { 'if-match': String(added.headers.etag) })
  t.match(raised.json(), { role: 'admin' })
  t.match(await ana.ask('PATCH', `${url}/members/${eva.id}`, { role: 'member' }, { 'if-match': String(added.headers.etag) }), { statusCode: 412 })
  t.match((await ana.ask('GET', `${url}/members`)).json(), { items: [ana, bea, eva].map(({ id }) => id).sort().map((user) => ({ user })), next: null })
  t.equal((await eva.ask('DELETE', `${url}/members/${bea.id}`)).statusCode, 204)
  t.match((await bea.ask('GET', url)).json(), { code: 'conversation_not_found' })
  t.match((await ana.ask('POST', `${url}/leave`)).json(), { code: 'last_owner' })
  t.equal((await eva.ask('POST', `${url}/leave`)).statusCode, 204)
})

t.test('join and leave a channel', async (t) => {
  const { ana, eva } = await scene(t)
  const { id } = (await ana.ask('POST', '/v1/conversations', { kind: 'channel', name: 'Avisos' })).json()
  const url = `/v1/conversations/${id}`
  t.match((await eva.ask('POST', `${url}/messages`, { text: 'hola' })).json(), { code: 'forbidden' })
  t.match((await eva.ask('POST', `${url}/join`)).json(), { id, role: 'member', members: 2 })
  t.equal((await eva.ask('POST', `${url}/messages`, { text: 'hola' })).statusCode, 201)
  t.equal((await eva.ask('POST', `${url}/leave`, undefined, { 'idempotency-key': 'l' })).statusCode, 204)
  t.match(await eva.ask('POST', `${url}/leave`, undefined, { 'idempotency-key': 'l' }), { statusCode: 204, headers: { 'idempotency-replayed': 'true' } })
  t.match((await eva.ask('POST', `${url}/leave`)).json(), { code: 'member_not_found' })
})

t.test('without a token nothing is answered', async (t) => {
  const { app, url } = await scene(t)
  for (const path of ['/v1/conversations', url, `${url}/members`, `${url}/messages`, `${url}/events`]) {
    t.match((await app.inject(path)).json(), { code: 'token_missing' }, path)
  }
})
