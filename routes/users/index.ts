import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IfMatchHeaders, Problems } from '../../domain/schema.js'
import { Me, User, UserPage, UserParams, UserPatch, UserQuery } from '../../domain/users/schema.js'
import { etag } from '../../domain/etags.js'

/** Who there is, and oneself. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', app.authenticate)

  app.get('/me', {
    config: { task: 'read_user_data' },
    schema: { operationId: 'getMe', tags: ['users'], summary: 'Yourself', response: { 200: Me, ...Problems(401, 404, 503) } }
  }, async ({ caller }, reply) => {
    const { version, body } = await app.users.me(caller)
    reply.header('etag', etag(version))
    return body
  })

  app.patch('/me', {
    config: { task: 'update_user' },
    schema: {
      operationId: 'updateMe',
      tags: ['users'],
      summary: 'Change your profile',
      consumes: ['application/merge-patch+json', 'application/json'],
      headers: IfMatchHeaders,
      body: UserPatch,
      response: { 200: Me, ...Problems(400, 401, 404, 412, 503) }
    }
  }, async ({ caller, body: patch, headers }, reply) => {
    const { version, body } = await app.users.change(caller, patch, headers['if-match'])
    reply.header('etag', etag(version))
    return body
  })

  app.get('', {
    config: { task: 'list_users' },
    schema: {
      operationId: 'listUsers',
      tags: ['users'],
      summary: 'Users, oldest first',
      description: 'A page of a search may be short, or empty, and still have a next one: follow `next` until it is null.',
      querystring: UserQuery,
      response: { 200: UserPage, ...Problems(400, 401, 503) }
    }
  }, async ({ query }) => app.users.page(query))

  app.get('/:id', {
    config: { task: 'read_user_data' },
    schema: {
      operationId: 'getUser', tags: ['users'], summary: 'One user', params: UserParams, response: { 200: User, ...Problems(400, 401, 404, 503) }
    }
  }, async ({ params }, reply) => {
    const { version, body } = await app.users.one(params.id)
    reply.header('etag', etag(version))
    return body
  })
}

export default routes
