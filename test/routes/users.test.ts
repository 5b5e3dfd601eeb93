import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { newId } from '../../domain/ids.js'
import { as, build } from '../helper.js'

async function join (app: FastifyInstance, username: string) {
  const res = await app.inject({ method: 'POST', url: '/v1/auth/register', payload: { username, password: 'correct horse' } })
  return { user: res.json().user, ask: as(app, res.json().accessToken) }
}

t.test('GET /v1/users/me answers with oneself and an ETag', async (t) => {
  const app = await build(t)
  const ana = await join(app, 'ana')
  const res = await ana.ask('GET', '/v1/users/me')
  t.equal(res.statusCode, 200)
  t.match(res.headers.etag, /^"\d+"$/)
  t.same(res.json(), ana.user)
  t.match(res.headers['server-timing'], /read_user_data/)
})

t.test('PATCH /v1/users/me', async (t) => {
  const app = await build(t)
  const ana = await join(app, 'ana')
  const patch = (payload: object, headers: Record<string, string> = {}) => ana.ask('PATCH', '/v1/users/me', payload, headers)

  t.test('takes a merge patch under both of its names', async (t) => {
    const merge = await ana.ask('PATCH', '/v1/users/me', JSON.stringify({ displayName: 'Ana' }), { 'content-type': 'application/merge-patch+json' })
    t.match(merge.json(), { displayName: 'Ana', username: 'ana' })
    t.match((await patch({ displayName: null })).json(), { displayName: 'ana' })
    const text = await ana.ask('PATCH', '/v1/users/me', 'displayName=x', { 'content-type': 'text/plain' })
    t.match(text.json(), { code: 'media_type_unsupported' })
  })

  t.test('over another version than the one that was seen it changes nothing', async (t) => {
    const { headers } = await ana.ask('GET', '/v1/users/me')
    const etag = String(headers.etag)
    const changed = await patch({ displayName: 'Ana 2' }, { 'if-match': etag })
    t.equal(changed.statusCode, 200)
    t.not(changed.headers.etag, etag)
    const stale = await patch({ displayName: 'Ana 3' }, { 'if-match': etag })
    t.equal(stale.statusCode, 412)
    t.match(stale.json(), { code: 'precondition_failed' })
    t.match((await ana.ask('GET', '/v1/users/me')).json(), { displayName: 'Ana 2' })
    t.equal((await patch({ displayName: 'Ana 4' }, { 'if-match': '*' })).statusCode, 200)
  })

  t.test('changes nothing that is not the user\'s to change', async (t) => {
    for (const field of ['id', 'username', 'createdAt', 'status', 'version', 'v', '__proto__x']) {
      t.match((await patch({ [field]: 'x' })).json(), { code: 'validation_failed', errors: [{ pointer: `/body/${field}` }] }, field)
    }
    const poison = await ana.ask('PATCH', '/v1/users/me', '{"__proto__":{"status":"x"}}', { 'content-type': 'application/merge-patch+json' })
    t.equal(poison.statusCode, 400)
  })

  t.test('names the field of a display name that nobody could read', async (t) => {
    for (const displayName of ['', '   ', 'a\u202eb', 'a'.repeat(65)]) {
      t.match((await patch({ displayName })).json(), { status: 400, code: 'validation_failed', errors: [{ pointer: '/body/displayName' }] })
    }
  })
})

t.test('GET /v1/users/:id shows what others may see', async (t) => {
  const app = await build(t)
  const [ana, bea] = [await join(app, 'ana'), await join(app, 'bea')]
  const res = await ana.ask('GET', `/v1/users/${bea.user.id}`)
  t.same(Object.keys(res.json()), ['id', 'username', 'displayName', 'createdAt'])
  t.match(res.headers.etag, /^"\d+"$/)
  t.match((await ana.ask('GET', `/v1/users/${newId()}`)).json(), { status: 404, code: 'user_not_found' })
  t.match((await ana.ask('GET', '/v1/users/x')).json(), { status: 400, code: 'validation_failed' })
})

t.test('GET /v1/users', async (t) => {
  const app = await build(t)
  const [ana] = [await join(app, 'ana'), await join(app, 'bea'), await join(app, 'carla')]
  const page = async (query: string) => (await ana.ask('GET', `/v1/users?${query}`)).json()

  t.test('goes on where the page before ended', async (t) => {
    const first = await page('limit=2')
    t.match(first, { items: [{ username: 'ana' }, { username: 'bea' }], next: String })
    t.match(await page(`limit=2&cursor=${first.next}`), { items: [{ username: 'carla' }], next: null })
    t.notMatch(JSON.stringify(first), /status/)
  })

  t.test('finds by part of a name', async (t) => {
    t.match((await page('q=ARL')).items, [{ username: 'carla' }])
    t.same(await page('q=nobody'), { items: [], next: null })
  })

  t.test('refuses bad bounds, bad cursors and unknown parameters', async (t) => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'sort=name', 'q=']) t.match(await page(query), { status: 400, code: 'validation_failed' }, query)
    t.match(await page('cursor=x'), { status: 400, code: 'cursor_invalid' })
  })
})
