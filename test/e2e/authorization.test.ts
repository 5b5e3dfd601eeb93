import { randomUUID } from 'node:crypto'
import t from 'tap'
import { type Answer, createCheckedClient } from './http-client.js'
import { logIn, type Person, register } from './people.js'
import { makeHome, start } from './server-process.js'

/** A conversation with everything in it, made anew for every single request. */
interface World {
  conversation: string
  /** Of `author`. */
  message: string
  /** Who is a plain member, and who is in nothing. */
  author: Person
  outsider: Person
}

type Request = (world: World) => [method: string, path: string, body?: unknown]

/** What each of them is answered. `passerby` is no member of what is a public channel. */
interface Row {
  ask: Request
  nobody: number
  stranger: number
  member: number
  admin: number
  owner: number
  author?: number
  passerby?: number
  /** It ends the session that asks: somebody new does it. */
  once?: true
}

const open = (ask: Request, status: number): Row => ({ ask, nobody: status, stranger: status, member: status, admin: status, owner: status })
const signedIn = (ask: Request, status: number): Row => ({ ...open(ask, status), nobody: 401 })
/** For everybody in it, and for nobody else. */
const inside = (ask: Request, status: number, passerby: number): Row => ({ ...signedIn(ask, status), stranger: 404, author: status, passerby })
const at = ({ conversation }: World): string => `/v1/conversations/${conversation}`
const messageAt = (world: World): string => `${at(world)}/messages/${world.message}`

const table: Record<string, Row> = {
  getHealth: open(() => ['GET', '/health'], 200),
  getLiveness: open(() => ['GET', '/health/live'], 200),
  getReadiness: open(() => ['GET', '/health/ready'], 200),
  getOpenapiJson: open(() => ['GET', '/openapi.json'], 200),
  getOpenapiYaml: open(() => ['GET', '/openapi.yaml'], 200),
  getAsyncapiJson: open(() => ['GET', '/asyncapi.json'], 200),
  getKeys: open(() => ['GET', '/.well-known/jwks.json'], 200),
  explainProblem: open(() => ['GET', '/problems/forbidden'], 200),
  getMeta: open(() => ['GET', '/v1/meta'], 200),
  // Without an upgrade there is no socket, for whoever asks.
  openSocket: open(() => ['GET', '/v1/socket'], 426),

  register: open(() => ['POST', '/v1/auth/register', { username: `nueva-${randomUUID().slice(0, 8)}`, password: 'correcta caballo pila' }], 201),
  login: open(({ author }) => ['POST', '/v1/auth/login', { username: author.username, password: 'otra cualquiera' }], 401),
  refresh: open(() => ['POST', '/v1/auth/refresh', { refreshToken: 'nxr_cualquiera' }], 401),
  logout: { ...signedIn(() => ['POST', '/v1/auth/logout'], 204), once: true },
  listSessions: signedIn(() => ['GET', '/v1/auth/sessions'], 200),
  endOtherSessions: { ...signedIn(() => ['DELETE', '/v1/auth/sessions'], 204), once: true },
  // Somebody else's session is not there.
  getSession: signedIn(({ author }) => ['GET', `/v1/auth/sessions/${author.session}`], 404),
  endSession: signedIn(({ author }) => ['DELETE', `/v1/auth/sessions/${author.session}`], 404),
  changePassword: { ...signedIn(() => ['PUT', '/v1/auth/password', { currentPassword: 'correcta caballo pila', newPassword: 'otra caballo pila' }], 204), once: true },
  getMe: signedIn(() => ['GET', '/v1/users/me'], 200),
  updateMe: signedIn(() => ['PATCH', '/v1/users/me', { displayName: 'Otra' }], 200),
  listUsers: signedIn(() => ['GET', '/v1/users'], 200),
  getUser: signedIn(({ author }) => ['GET', `/v1/users/${author.id}`], 200),

  listConversations: signedIn(() => ['GET', '/v1/conversations'], 200),
  createConversation: signedIn(() => ['POST', '/v1/conversations', { kind: 'group', name: 'Otro' }], 201),
  openDirect: signedIn(({ outsider }) => ['PUT', `/v1/conversations/direct/${outsider.id}`], 201),
  getConversation: inside((world) => ['GET', at(world)], 200, 200),
  changeConversation: { ...inside((world) => ['PATCH', at(world), { topic: 'Otro' }], 200, 403), member: 403, author: 403 },
  deleteConversation: { ...inside((world) => ['DELETE', at(world)], 204, 403), member: 403, author: 403, admin: 403 },
  markRead: inside((world) => ['PUT', `${at(world)}/read`, { seq: 1 }], 200, 404),
  listMembers: inside((world) => ['GET', `${at(world)}/members`], 200, 200),
  addMember: { ...inside((world) => ['PUT', `${at(world)}/members/${world.outsider.id}`, {}], 201, 403), member: 403, author: 403 },
  changeMember: { ...inside((world) => ['PATCH', `${at(world)}/members/${world.author.id}`, { role: 'admin' }], 200, 403), member: 403, author: 403, admin: 403 },
  // The author removes themselves.
  removeMember: { ...inside((world) => ['DELETE', `${at(world)}/members/${world.author.id}`], 204, 403), member: 403 },
  joinConversation: { ...inside((world) => ['POST', `${at(world)}/join`], 200, 200), },
  leaveConversation: { ...inside((world) => ['POST', `${at(world)}/leave`], 204, 404), owner: 409 },
  listMessages: inside((world) => ['GET', `${at(world)}/messages`], 200, 200),
  sendMessage: inside((world) => ['POST', `${at(world)}/messages`, { text: 'Hola' }], 201, 403),
  getMessage: inside((world) => ['GET', messageAt(world)], 200, 200),
  // Nobody, however powerful, puts words into somebody else's mouth.
  editMessage: { ...inside((world) => ['PATCH', messageAt(world), { text: 'Otra cosa' }], 403, 403), author: 200 },
  deleteMessage: { ...inside((world) => ['DELETE', messageAt(world)], 200, 403), member: 403 },
  listEvents: inside((world) => ['GET', `${at(world)}/events?after=0`], 200, 200)
}

const canaries = {
  name: 'Canario del nombre 7b31', topic: 'Canario del tema 52c9', text: 'Canario del texto 9d17', metadata: 'canario-del-valor-4e06', displayName: 'Canaria Visible 88aa'
}

t.test('who may do what', async (t) => {
  const home = await makeHome(t)
  const server = await start(t, home)
  const client = await createCheckedClient(server.address)
  const { ask, contract } = client
  const join = (name: string): Promise<Person> => register(client, name, { displayName: canaries.displayName })
  const [owner, admin, member, author] = [await join('duena'), await join('admin'), await join('miembro'), await join('autora')]
  const [stranger, outsider] = [await register(client, 'extrana'), await register(client, 'ajena')]
  const people: Record<string, Person> = { owner, admin, member, author, stranger, passerby: stranger }

  async function makeWorld (kind: string): Promise<World> {
    const { name, topic, text, metadata } = canaries
    const made = await ask('POST', '/v1/conversations', { token: owner.token, body: { kind, name, topic, members: [admin.id, member.id, author.id] } })
    const { id } = made.json<{ id: string }>()
    await ask('PATCH', `/v1/conversations/${id}/members/${admin.id}`, { token: owner.token, body: { role: 'admin' } })
    const said = await ask('POST', `/v1/conversations/${id}/messages`, { token: author.token, body: { text, metadata: { canario: metadata } } })
    return { conversation: id, message: said.json<{ id: string }>().id, author, outsider }
  }

  async function askAs (role: string, { ask: request, once }: Row, world: World): Promise<Answer> {
    const [method, path, body] = request(world)
    const person = role === 'nobody' ? undefined : once === true ? await register(client, `una-${randomUUID().slice(0, 8)}`) : people[role]
    return ask(method, path, { token: person?.token, ...(body !== undefined && { body }) })
  }

  t.same(contract.operations.map(({ operation }) => operation.operationId).sort(), Object.keys(table).sort(), 'the table has every operation')

  for (const [operation, row] of Object.entries(table)) {
    await t.test(operation, async (t) => {
      for (const role of ['nobody', 'stranger', 'member', 'admin', 'owner', 'author', 'passerby'] as const) {
        const status = row[role]
        if (status === undefined) continue
        const world = await makeWorld(role === 'passerby' ? 'channel' : 'group')
        // A direct conversation is made once: here it is another one each time.
        if (operation === 'openDirect') world.outsider = await register(client, `par-${randomUUID().slice(0, 8)}`)
        const answer = await askAs(role, row, world)
        t.equal(answer.status, status, `${role}: ${answer.text.slice(0, 120)}`)
        if (role === 'nobody' && status === 401 && operation !== 'login' && operation !== 'refresh') {
          t.match(answer, { headers: { 'www-authenticate': 'Bearer realm="nexu"' } })
          t.equal(answer.json<{ code: string }>().code, 'token_missing')
        }
        if (role === 'nobody' || (role === 'stranger' && operation !== 'listUsers' && operation !== 'getUser')) {
          t.same(Object.values(canaries).filter((canary) => answer.text.includes(canary)), [], `${role} learns nothing`)
        }
      }
    })
  }

  await t.test('what is not there and what is not for you look the same', async (t) => {
    const world = await makeWorld('group')
    const nowhere: World = { ...world, conversation: '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10' }
    const bare = ({ status, text, headers }: Answer) => ({ status, problem: { ...JSON.parse(text), instance: '' }, type: headers['content-type'], length: headers['content-length'] })
    for (const [operation, row] of Object.entries(table).filter(([, { passerby }]) => passerby !== undefined)) {
      t.same(bare(await askAs('stranger', row, world)), bare(await askAs('stranger', row, nowhere)), operation)
    }
  })

  await t.test('tokens that are none, or not any more', async (t) => {
    const gone = await logIn(client, member)
    await ask('POST', '/v1/auth/logout', { token: gone.token })
    const [header = '', claims = '', signature = ''] = member.token.split('.')
    const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const rows: [string, string, string][] = [
      ['of a session that ended', gone.token, 'session_ended'],
      ['a refresh token', member.refreshToken, 'token_invalid'],
      ['without a signature', `${unsigned}.${claims}.`, 'token_invalid'],
      ['with another signature', `${header}.${claims}.${flipped}`, 'token_invalid'],
      ['of somebody else', `${header}.${stranger.token.split('.')[1] ?? ''}.${signature}`, 'token_invalid'],
      ['far too long', 'a'.repeat(9000), 'token_invalid']
    ]
    for (const [what, token, code] of rows) {
      for (const { operation, method, path } of contract.operations.filter(({ operation }) => operation.security === undefined)) {
        const answer = await ask(method, path.replace(/\{\w+\}/g, '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10'), { token })
        if (answer.status !== 401 || answer.json<{ code: string }>().code !== code) t.fail(`${what}: ${operation.operationId} ${answer.status} ${answer.text}`)
      }
      t.pass(what)
    }
  })

  t.same(contract.faults(), [], 'every answer is as the document says')
  t.comment(contract.seen().join(', '))
  t.equal((await server.end()).code, 0)
})
