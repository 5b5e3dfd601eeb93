import type { FastifyPluginAsyncTypebox, TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { WebSocketServer } from 'ws'
import type { Caller } from '../domain/caller.js'
import { ConversationParams, HistoryQuery, Message, MessagePage, NewMessage } from '../domain/chat/schema.js'
import { Health } from '../domain/system/schema.js'
import { version } from '../domain/system/version.js'
import { Me } from '../domain/users/schema.js'
import { createBareChat } from './bare-chat.js'
import { openBareLog } from './bare-log.js'
import { createBareTokens } from './bare-tokens.js'
import type { FromBare, ToBare } from './messages.js'

declare module 'fastify' {
  interface FastifyRequest { asker: Caller | null }
}

/** The limit to measure beside: Fastify and ws with the same schemas, the same token check and a log that is as
 *  durable, and nothing else. */
const TOKENS = 50

const log = await openBareLog('.')
const tokens = await createBareTokens()
const sockets = new WebSocketServer({ noServer: true })

const chat = createBareChat(log, (message) => {
  if (sockets.clients.size === 0) return
  const { conversation, seq, at } = message
  const frame = JSON.stringify({ type: 'message.created', cursor: String(seq), conversation, seq, at, data: message })
  for (const socket of sockets.clients) socket.send(frame)
})

const unauthorized = Object.assign(new Error('sign in'), { statusCode: 401 })

const app = Fastify({ ajv: { customOptions: { strictTypes: false } } }).withTypeProvider<TypeBoxTypeProvider>()

app.get('/health', { schema: { response: { 200: Health } } }, (_request, reply) => {
  reply.send({ status: 'ok', version, uptimeSeconds: Math.floor(process.uptime()), checks: { store: { status: 'ok', writable: 'yes' } } })
})

const signedIn: FastifyPluginAsyncTypebox = async (app) => {
  app.decorateRequest('asker', null)
  app.addHook('onRequest', async (request) => {
    request.asker = await tokens.callerOf(request.headers.authorization)
    if (request.asker === null) throw unauthorized
  })
  const createdAt = new Date().toISOString()

  app.get('/users/me', { schema: { response: { 200: Me } } }, async ({ asker }) =>
    ({ id: asker?.userId ?? '', username: 'ana', displayName: 'Ana', createdAt, status: 'active' }))

  app.get('/conversations/:id', async ({ params }) => ({ head: chat.head(Object(params).id) }))

  app.get('/conversations/:id/messages', {
    schema: { params: ConversationParams, querystring: HistoryQuery, response: { 200: MessagePage } }
  }, async ({ params, query }) => chat.history(params.id, query))

  app.post('/conversations/:id/messages', {
    schema: { params: ConversationParams, body: NewMessage, response: { 201: Message } }
  }, async ({ asker, params, body }, reply) => {
    reply.code(201)
    return chat.say(asker?.userId ?? '', params.id, body)
  })
}

app.register(signedIn, { prefix: '/v1' })

app.server.on('upgrade', (request, socket, head) => {
  tokens.callerOf(request.headers.authorization).then((caller) => {
    if (caller === null) socket.destroy()
    else sockets.handleUpgrade(request, socket, head, (ws) => { ws.send(JSON.stringify({ type: 'caught_up' })) })
  }, () => socket.destroy())
})

const say = (message: FromBare): void => { process.send?.(message) }
process.on('message', ({ type }: ToBare) => { if (type === 'syncs') say({ type, groups: log.groups() }) })
process.on('disconnect', () => process.exit())

const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
say({ type: 'ready', port: Number(address.port), tokens: await Promise.all(Array.from({ length: TOKENS }, tokens.issue)) })
