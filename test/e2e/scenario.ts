import { randomBytes } from 'node:crypto'
import { openSocket } from './chat-socket.js'
import type { HttpClient } from './http-client.js'
import { logIn, register } from './people.js'

/** What a whole scene left behind, by name. None of it may be seen anywhere. */
export interface Secrets {
  /** What people said and called themselves and each other, and what lets them in. */
  words: Record<string, string>
  /** Ids of everybody and everything. */
  ids: Record<string, string>
}

const word = (name: string): string => `canario ${name} ${randomBytes(9).toString('hex')}`
const plain = (name: string): string => `canario.${name}.${randomBytes(9).toString('hex')}`

/** Two people do everything that people can do, and a stranger tries to; every word of it occurs nowhere
 *  by chance. */
export async function playScene ({ ask, address }: HttpClient, { prefix }: { prefix: string }): Promise<Secrets> {
  const client = { ask, address }
  const words = {
    anaName: `${prefix}ana${randomBytes(5).toString('hex')}`,
    beaName: `${prefix}bea${randomBytes(5).toString('hex')}`,
    anaPassword: word('contraseña'),
    beaPassword: word('otra contraseña'),
    newPassword: word('contraseña nueva'),
    wrongPassword: word('contraseña falsa'),
    displayName: `Canaria Ñandú ${randomBytes(9).toString('hex')}`,
    changedName: `Canaria Otra ${randomBytes(9).toString('hex')}`,
    userAgent: plain('agente'),
    conversation: word('grupo'),
    renamed: word('grupo nuevo'),
    channel: word('canal'),
    topic: word('tema'),
    text: `${word('texto')}\ncon "líneas" y 🐦`,
    longText: word('texto largo').repeat(300),
    edited: word('texto corregido'),
    socketText: word('texto por socket'),
    socketEdited: word('corregido por socket'),
    deletedText: word('texto borrado'),
    metadataKey: `canario-clave-${randomBytes(9).toString('hex')}`,
    metadataValue: word('valor'),
    clientId: plain('cliente'),
    socketClientId: plain('cliente-socket'),
    idempotencyKey: plain('idempotencia'),
    query: word('busqueda').replaceAll(' ', '-'),
    badToken: `eyJhbGciOiJub25lIn0.${randomBytes(40).toString('base64url')}.${randomBytes(40).toString('base64url')}`
  }
  const ids: Record<string, string> = {}

  const ana = await register({ ...client, contract: null, close () {} }, words.anaName, { password: words.anaPassword, displayName: words.displayName, userAgent: words.userAgent })
  const bea = await register({ ...client, contract: null, close () {} }, words.beaName, { password: words.beaPassword })
  const laptop = await logIn({ ...client, contract: null, close () {} }, ana)
  const renewed = (await ask('POST', '/v1/auth/refresh', { body: { refreshToken: laptop.refreshToken } })).json<{ accessToken: string, refreshToken: string }>()
  Object.assign(ids, { ana: ana.id, bea: bea.id, anaSession: ana.session, beaSession: bea.session, laptop: laptop.session })
  const tokens = {
    anaToken: ana.token,
    anaRefresh: ana.refreshToken,
    beaToken: bea.token,
    beaRefresh: bea.refreshToken,
    laptopToken: laptop.token,
    laptopRefresh: laptop.refreshToken,
    renewedToken: renewed.accessToken,
    renewedRefresh: renewed.refreshToken
  }

  const { token } = ana
  await ask('PATCH', '/v1/users/me', { token, body: { displayName: words.changedName } })
  await ask('GET', `/v1/users?q=${words.query}`, { token })
  const made = await ask('POST', '/v1/conversations', { token, body: { kind: 'group', name: words.conversation, topic: words.topic, members: [bea.id] }, headers: { 'idempotency-key': words.idempotencyKey } })
  const group = made.json<{ id: string }>().id
  const channel = (await ask('POST', '/v1/conversations', { token, body: { kind: 'channel', name: words.channel } })).json<{ id: string }>().id
  const direct = (await ask('PUT', `/v1/conversations/direct/${bea.id}`, { token })).json<{ id: string }>().id
  Object.assign(ids, { group, channel, direct })
  await ask('PATCH', `/v1/conversations/${group}`, { token, body: { name: words.renamed } })
  await ask('POST', `/v1/conversations/${channel}/join`, { token: bea.token })

  const messages = `/v1/conversations/${group}/messages`
  const sendMessage = async (name: string, body: object): Promise<string> => {
    const { id } = (await ask('POST', messages, { token, body })).json<{ id: string }>()
    ids[name] = id
    return id
  }
  const first = await sendMessage('message', { text: words.text, clientId: words.clientId, metadata: { [words.metadataKey]: words.metadataValue } })
  await sendMessage('longMessage', { text: words.longText })
  const gone = await sendMessage('deletedMessage', { text: words.deletedText })
  await ask('PATCH', `${messages}/${first}`, { token, body: { text: words.edited } })
  await ask('DELETE', `${messages}/${gone}`, { token })
  await ask('PUT', `/v1/conversations/${group}/read`, { token: bea.token, body: { seq: 4 } })
  await ask('POST', `/v1/conversations/${direct}/messages`, { token: bea.token, body: { text: words.text } })

  const socket = await openSocket(address)
  await socket.command('auth', { token: bea.token })
  const sent = await socket.command('message.send', { conversation: group, text: words.socketText, clientId: words.socketClientId })
  ids['socketMessage'] = sent.data?.id ?? ''
  await socket.command('message.edit', { conversation: group, message: sent.data?.id, text: words.socketEdited })
  await socket.command('typing.set', { conversation: group, on: true })

  // And everything that goes wrong.
  await ask('POST', '/v1/auth/login', { body: { username: words.anaName, password: words.wrongPassword } })
  await ask('POST', '/v1/auth/login', { body: { username: words.query, password: words.wrongPassword } })
  await ask('POST', '/v1/auth/register', { body: { username: words.anaName, password: words.newPassword } })
  await ask('POST', '/v1/auth/register', { body: { username: words.text, password: words.newPassword, [words.metadataKey]: words.text } })
  await ask('POST', messages, { token: words.badToken, body: { text: words.text } })
  await ask('POST', messages, { token, body: { text: words.longText.repeat(3), [words.metadataKey]: words.text } })
  await ask('POST', messages, { token, raw: `{"text":"${words.socketText}`, headers: { 'content-type': 'application/json' } })
  await ask('POST', messages, { token, raw: words.longText.repeat(12), headers: { 'content-type': 'application/json' } })
  await ask('POST', messages, { token, raw: words.text, headers: { 'content-type': 'text/plain' } })
  await ask('POST', messages, { token, body: { text: words.edited, clientId: words.clientId } })
  await ask('POST', '/v1/auth/refresh', { body: { refreshToken: words.badToken.slice(0, 120) } })
  await ask('GET', `/v1/conversations?cursor=${words.query}`, { token })
  await ask('GET', `/${words.query}?q=${words.query}`, {})
  for (const frame of [words.socketText, `{"id":"x","type":"message.send","data":{"text":"${words.edited}"}}`, `{"id":"y","type":"auth","data":{"token":"${words.badToken}"}}`, '{"id":"z","type":"nada"}']) {
    socket.raw(frame)
  }
  await ask('PUT', '/v1/auth/password', { token, body: { currentPassword: words.wrongPassword, newPassword: words.newPassword } })
  await ask('PUT', '/v1/auth/password', { token, body: { currentPassword: words.anaPassword, newPassword: words.newPassword } })
  await ask('GET', '/v1/users/me', { token: renewed.accessToken })
  await ask('POST', '/v1/auth/logout', { token: bea.token })
  await socket.closed
  return { words: { ...words, ...tokens }, ids }
}
