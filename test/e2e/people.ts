import type { HttpClient } from './http-client.js'

/** Somebody with an account, signed in. */
export interface Person { id: string, username: string, password: string, token: string, refreshToken: string, session: string }

interface SignedIn { user: { id: string, username: string }, accessToken: string, refreshToken: string, session: { id: string } }

const password = 'correcta caballo pila'

/** Registers somebody.
 *  @throws where that is not answered 201 */
export async function register ({ ask }: HttpClient, username: string, more: { password?: string, displayName?: string, userAgent?: string } = {}): Promise<Person> {
  const { userAgent, ...fields } = { password, ...more }
  const answer = await ask('POST', '/v1/auth/register', { body: { username, ...fields }, headers: userAgent === undefined ? {} : { 'user-agent': userAgent } })
  if (answer.status !== 201) throw new Error(`${username} was not registered: ${answer.text}`)
  return personOf(answer.json<SignedIn>(), fields.password)
}

/** Another session of somebody. */
export async function logIn ({ ask }: HttpClient, { username, password }: Pick<Person, 'username' | 'password'>): Promise<Person> {
  const answer = await ask('POST', '/v1/auth/login', { body: { username, password } })
  if (answer.status !== 200) throw new Error(`${username} was not signed in: ${answer.text}`)
  return personOf(answer.json<SignedIn>(), password)
}

function personOf ({ user, accessToken, refreshToken, session }: SignedIn, password: string): Person {
  return { id: user.id, username: user.username, password, token: accessToken, refreshToken, session: session.id }
}

/** So many people, named by a word and a letter. */
export const registerMany = (client: HttpClient, word: string, count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => register(client, `${word}-${i + 1}`)))

/** A group of everybody; the first one owns it. Returns its id. */
export async function makeGroup ({ ask }: HttpClient, [owner, ...others]: readonly Person[], more: object = {}): Promise<string> {
  const answer = await ask('POST', '/v1/conversations', { token: owner?.token, body: { kind: 'group', name: 'Equipo', members: others.map(({ id }) => id), ...more } })
  if (answer.status !== 201) throw new Error(`no group: ${answer.text}`)
  return answer.json<{ id: string }>().id
}

export interface StoredEvent { type: string, seq: number, data: { id?: string, text?: string, ordinal?: number, author?: string, clientId?: string } }

/** The whole log of a conversation, page by page. */
export async function readLog ({ ask }: HttpClient, { token }: Pick<Person, 'token'>, conversation: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? 'after=0&limit=100' : `limit=100&cursor=${encodeURIComponent(cursor)}`
    const answer = await ask('GET', `/v1/conversations/${conversation}/events?${query}`, { token })
    if (answer.status !== 200) throw new Error(`no events: ${answer.text}`)
    const page = answer.json<{ items: StoredEvent[], next: string | null }>()
    events.push(...page.items)
    cursor = page.next
  }
  return events
}
