import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Conversation, ConversationParams, Member, MemberChange, MemberPage, MemberParams, NewMemberOrNone } from '../../domain/chat/schema.js'
import { IdempotencyHeaders, IfMatchHeaders, NoContent, PageQuery, Problems } from '../../domain/schema.js'
import { mergePatch, marked, tagged } from './answers.js'

/** Who takes part in a conversation. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', app.authenticate)
  const tags = ['conversations']

  app.get('/:id/members', {
    config: { task: 'list_members' },
    schema: {
      operationId: 'listMembers',
      tags,
      summary: 'Who takes part',
      params: ConversationParams,
      querystring: PageQuery,
      response: { 200: MemberPage, ...Problems(400, 401, 404, 503) }
    }
  }, ({ caller, params, query }) => app.chat.members(caller, params.id, query))

  app.put('/:id/members/:userId', {
    config: { task: 'add_member' },
    schema: {
      operationId: 'addMember',
      tags,
      summary: 'Make somebody a member',
      description: 'Who is a member already stays one (200), with the role that is given here, if any. Owners may; admins may add plain members.',
      params: MemberParams,
      headers: IfMatchHeaders,
      body: NewMemberOrNone,
      response: { 200: Member, 201: Member, ...Problems(400, 401, 403, 404, 409, 412, 503) }
    }
  }, async ({ caller, params, body, headers }, reply) => {
    const { member, created } = await app.chat.addMember(caller, params.id, params.userId, body ?? {}, headers['if-match'])
    reply.code(created ? 201 : 200)
    return tagged(reply, member)
  })

  app.patch('/:id/members/:userId', {
    config: { task: 'change_member' },
    schema: {
      operationId: 'changeMember',
      tags,
      summary: 'Give a member another role',
      consumes: mergePatch,
      description: 'Owners may. There is always an owner left.',
      params: MemberParams,
      headers: IfMatchHeaders,
      body: MemberChange,
      response: { 200: Member, ...Problems(400, 401, 403, 404, 409, 412, 503) }
    }
  }, async ({ caller, params, body, headers }, reply) =>
    tagged(reply, await app.chat.changeMember(caller, params.id, params.userId, body, headers['if-match'])))

  app.delete('/:id/members/:userId', {
    config: { task: 'remove_member' },
    schema: {
      operationId: 'removeMember',
      tags,
      summary: 'Remove a member',
      description: 'Owners may; admins may remove plain members; everyone may remove themselves.',
      params: MemberParams,
      headers: IfMatchHeaders,
      response: { 204: NoContent, ...Problems(400, 401, 403, 404, 409, 412, 503) }
    }
  }, async ({ caller, params, headers }, reply) => {
    await app.chat.removeMember(caller, params.id, params.userId, headers['if-match'])
    return reply.code(204).send(null)
  })

  app.post('/:id/join', {
    config: { task: 'join_conversation' },
    schema: {
      operationId: 'joinConversation',
      tags,
      summary: 'Join a public channel',
      description: 'Joining twice changes nothing.',
      params: ConversationParams,
      headers: IdempotencyHeaders,
      response: { 200: Conversation, ...Problems(400, 401, 404, 409, 422, 503) }
    }
  }, async ({ caller, params, headers }, reply) => {
    const { conversation, replayed } = await app.chat.join(caller, params.id, headers['idempotency-key'])
    return marked(reply, replayed, tagged(reply, conversation))
  })

  app.post('/:id/leave', {
    config: { task: 'leave_conversation' },
    schema: {
      operationId: 'leaveConversation',
      tags,
      summary: 'Leave a group or a channel',
      description: 'The last owner can not: somebody else has to be made an owner first.',
      params: ConversationParams,
      headers: IdempotencyHeaders,
      response: { 204: NoContent, ...Problems(400, 401, 404, 409, 422, 503) }
    }
  }, async ({ caller, params, headers }, reply) => {
    const { replayed } = await app.chat.leave(caller, params.id, headers['idempotency-key'])
    return marked(reply, replayed, reply.code(204)).send(null)
  })
}

export default routes
