import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { EventPage, EventQuery } from '../../domain/chat/event-schema.js'
import { ConversationParams, HistoryQuery, Message, MessageChange, MessagePage, MessageParams, NewMessage } from '../../domain/chat/schema.js'
import { IdempotencyHeaders, IfMatchHeaders, Problems } from '../../domain/schema.js'
import { mergePatch, marked, tagged, withClientId } from './answers.js'

/** What is said. The live side is ./socket.ts; both end in app.chat. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', app.authenticate)
  const tags = ['messages']

  app.get('/:id/messages', {
    config: { task: 'read_messages' },
    schema: {
      operationId: 'listMessages',
      tags,
      summary: 'Messages in the order in which they were sent',
      description: 'The newest page, or a page before, after or around a place. `next` goes on to older messages from the newest page and from `before`, to newer ones from `after` and `around`. A page may be short and still have a next one.',
      params: ConversationParams,
      querystring: HistoryQuery,
      response: { 200: MessagePage, ...Problems(400, 401, 404, 503) }
    }
  }, ({ caller, params, query }) => app.chat.history(caller, params.id, query))

  app.post('/:id/messages', {
    config: { task: 'send_message' },
    schema: {
      operationId: 'sendMessage',
      tags,
      summary: 'Send a message',
      description: 'It is stored durably when this is answered. `Idempotency-Key` is the `clientId`: the same one is stored once, for the life of the message.',
      params: ConversationParams,
      headers: IdempotencyHeaders,
      body: NewMessage,
      response: { 201: Message, ...Problems(400, 401, 403, 404, 413, 422, 503, 507) }
    }
  }, async ({ caller, params, body, headers }, reply) => {
    const { message, duplicate } = await app.chat.say(caller, params.id, withClientId(headers, body))
    reply.code(201).header('location', `/v1/conversations/${params.id}/messages/${message.id}`)
    return marked(reply, duplicate, tagged(reply, message))
  })

  app.get('/:id/messages/:messageId', {
    config: { task: 'read_message' },
    schema: {
      operationId: 'getMessage',
      tags,
      summary: 'One message',
      params: MessageParams,
      response: { 200: Message, ...Problems(400, 401, 404, 503) }
    }
  }, async ({ caller, params }, reply) => tagged(reply, await app.chat.message(caller, params.id, params.messageId)))

  app.patch('/:id/messages/:messageId', {
    config: { task: 'edit_message' },
    schema: {
      operationId: 'editMessage',
      tags,
      summary: 'Change what your message says',
      consumes: mergePatch,
      description: 'A merge patch (RFC 7396).',
      params: MessageParams,
      headers: IfMatchHeaders,
      body: MessageChange,
      response: { 200: Message, ...Problems(400, 401, 403, 404, 410, 412, 503) }
    }
  }, async ({ caller, params, body, headers }, reply) =>
    tagged(reply, await app.chat.edit(caller, params.id, params.messageId, body, headers['if-match'])))

  app.delete('/:id/messages/:messageId', {
    config: { task: 'delete_message' },
    schema: {
      operationId: 'deleteMessage',
      tags,
      summary: 'Take a message back, for everyone',
      description: 'Its content is gone; its place stays, and that is what comes back. Its author may, and owners and admins.',
      params: MessageParams,
      headers: IfMatchHeaders,
      response: { 200: Message, ...Problems(400, 401, 403, 404, 412, 503) }
    }
  }, async ({ caller, params, headers }, reply) =>
    tagged(reply, await app.chat.remove(caller, params.id, params.messageId, headers['if-match'])))

  app.get('/:id/events', {
    config: { task: 'read_events' },
    schema: {
      operationId: 'listEvents',
      tags,
      summary: 'Everything that happened after a place in the log',
      description: 'The same events as over the socket, in the order of their `seq`, without a gap: this heals whatever a client lacks. Messages are shown as they are now.',
      params: ConversationParams,
      querystring: EventQuery,
      response: { 200: EventPage, ...Problems(400, 401, 404, 503) }
    }
  }, ({ caller, params, query }) => app.chat.events(caller, params.id, query))
}

export default routes
