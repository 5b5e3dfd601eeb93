import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Conversation, ConversationChange, ConversationPage, ConversationParams, ConversationQuery, NewConversation, NewRead, PeerParams, ReadState } from '../../domain/chat/schema.js'
import { IdempotencyHeaders, IfMatchHeaders, NoContent, Problems } from '../../domain/schema.js'
import { mergePatch, marked, tagged } from './answers.js'

/** Conversations themselves: finding, making, changing and ending them. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', app.authenticate)
  const tags = ['conversations']

  app.get('', {
    config: { task: 'list_conversations' },
    schema: {
      operationId: 'listConversations',
      tags,
      summary: 'Your conversations, or all public channels',
      description: 'In the order of their making. A page may be short and still have a next one: follow `next` until it is null.',
      querystring: ConversationQuery,
      response: { 200: ConversationPage, ...Problems(400, 401, 503) }
    }
  }, ({ caller, query }) => app.chat.list(caller, query))

  app.post('', {
    config: { task: 'create_conversation' },
    schema: {
      operationId: 'createConversation',
      tags,
      summary: 'Make a group or a channel',
      description: 'You own it. Two people have a direct conversation instead: `PUT /v1/conversations/direct/{userId}`.',
      headers: IdempotencyHeaders,
      body: NewConversation,
      response: { 201: Conversation, ...Problems(400, 401, 404, 409, 422, 503) }
    }
  }, async ({ caller, body, headers }, reply) => {
    const { conversation, replayed } = await app.chat.create(caller, body, headers['idempotency-key'])
    reply.code(201).header('location', `/v1/conversations/${conversation.id}`)
    return marked(reply, replayed, tagged(reply, conversation))
  })

  app.put('/direct/:userId', {
    config: { task: 'open_direct' },
    schema: {
      operationId: 'openDirect',
      tags,
      summary: 'The conversation with one other person',
      description: 'Made at the first call, whoever of the two makes it (201); the same one ever after (200).',
      params: PeerParams,
      response: { 200: Conversation, 201: Conversation, ...Problems(400, 401, 404, 409, 503) }
    }
  }, async ({ caller, params }, reply) => {
    const { conversation, created } = await app.chat.openDirect(caller, params.userId)
    reply.code(created ? 201 : 200)
    return tagged(reply, conversation)
  })

  app.get('/:id', {
    config: { task: 'read_conversation' },
    schema: {
      operationId: 'getConversation',
      tags,
      summary: 'One conversation, as you see it',
      description: 'Its `ETag` stands for what PATCH can change, not for what is said in it.',
      params: ConversationParams,
      response: { 200: Conversation, ...Problems(400, 401, 404, 503) }
    }
  }, async ({ caller, params }, reply) => tagged(reply, await app.chat.one(caller, params.id)))

  app.patch('/:id', {
    config: { task: 'change_conversation' },
    schema: {
      operationId: 'changeConversation',
      tags,
      summary: 'Change its name or topic',
      consumes: mergePatch,
      description: 'A merge patch (RFC 7396). Owners and admins may.',
      params: ConversationParams,
      headers: IfMatchHeaders,
      body: ConversationChange,
      response: { 200: Conversation, ...Problems(400, 401, 403, 404, 409, 412, 503) }
    }
  }, async ({ caller, params, body, headers }, reply) => tagged(reply, await app.chat.change(caller, params.id, body, headers['if-match'])))

  app.delete('/:id', {
    config: { task: 'delete_conversation' },
    schema: {
      operationId: 'deleteConversation',
      tags,
      summary: 'End it for everyone',
      description: 'Everything in it is gone at once. Owners may.',
      params: ConversationParams,
      headers: IfMatchHeaders,
      response: { 204: NoContent, ...Problems(400, 401, 403, 404, 409, 412, 503) }
    }
  }, async ({ caller, params, headers }, reply) => {
    await app.chat.close(caller, params.id, headers['if-match'])
    return reply.code(204).send(null)
  })

  app.put('/:id/read', {
    config: { task: 'mark_read' },
    schema: {
      operationId: 'markRead',
      tags,
      summary: 'Move your read marker',
      description: 'It never moves back, and no further than the newest entry. Your other devices hear of it.',
      params: ConversationParams,
      body: NewRead,
      response: { 200: ReadState, ...Problems(400, 401, 404, 503) }
    }
  }, ({ caller, params, body }) => app.chat.markRead(caller, params.id, body))
}

export default routes
