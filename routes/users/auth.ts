import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoContent, Problems } from '../../domain/schema.js'
import { PasswordChange, Session, SessionPage, SessionParams } from '../../domain/users/schema.js'
import signIn from './sign-in.js'

/** Sessions and the password of who is signed in; the ways in are beside it. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  await app.register(signIn)
  await app.register(signedIn)
}

const signedIn: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', app.authenticate)

  app.post('/logout', {
    config: { task: 'logout' },
    schema: { operationId: 'logout', tags: ['auth'], summary: 'End this session', response: { 204: NoContent, ...Problems(401, 503) } }
  }, async ({ caller }, reply) => {
    await app.sessions.end(caller, caller.sessionId)
    return reply.code(204).send(null)
  })

  app.get('/sessions', {
    config: { task: 'list_sessions' },
    schema: {
      operationId: 'listSessions', tags: ['auth'], summary: 'Where you are signed in, oldest first', response: { 200: SessionPage, ...Problems(401, 503) }
    }
  }, async ({ caller }) => ({ items: await app.sessions.list(caller), next: null }))

  app.delete('/sessions', {
    config: { task: 'end_other_sessions' },
    schema: {
      operationId: 'endOtherSessions',
      tags: ['auth'],
      summary: 'Sign out everywhere else',
      description: 'The tokens of all your other sessions are refused and their sockets closed at once; this one stays (`logout` ends it).',
      response: { 204: NoContent, ...Problems(401, 503) }
    }
  }, async ({ caller }, reply) => {
    await app.sessions.endOthers(caller)
    return reply.code(204).send(null)
  })

  app.get('/sessions/:id', {
    config: { task: 'read_session' },
    schema: {
      operationId: 'getSession', tags: ['auth'], summary: 'One of your sessions', params: SessionParams, response: { 200: Session, ...Problems(400, 401, 404, 503) }
    }
  }, async ({ caller, params }) => app.sessions.one(caller, params.id))

  app.delete('/sessions/:id', {
    config: { task: 'end_session' },
    schema: {
      operationId: 'endSession',
      tags: ['auth'],
      summary: 'Sign out somewhere',
      description: 'Its tokens are refused and its sockets closed at once.',
      params: SessionParams,
      response: { 204: NoContent, ...Problems(400, 401, 404, 503) }
    }
  }, async ({ caller, params }, reply) => {
    await app.sessions.end(caller, params.id)
    return reply.code(204).send(null)
  })

  app.put('/password', {
    config: { task: 'change_password' },
    schema: {
      operationId: 'changePassword',
      tags: ['auth'],
      summary: 'Change your password',
      description: 'Ends every other session of yours.',
      body: PasswordChange,
      response: { 204: NoContent, ...Problems(400, 401, 403, 503) }
    }
  }, async ({ caller, body }, reply) => {
    await app.accounts.changePassword(caller, body)
    return reply.code(204).send(null)
  })
}

export default routes
