import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problems } from '../../domain/schema.js'
import { Login, Refresh, Registration, SignedIn } from '../../domain/users/schema.js'
import type { Device } from '../../domain/users/session-rules.js'

const deviceOf = ({ headers, ip }: FastifyRequest): Device => ({ userAgent: headers['user-agent'] ?? '', address: ip })

/** The ways in. They are open to everybody. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/register', {
    config: { task: 'register_user' },
    schema: {
      operationId: 'register',
      tags: ['auth'],
      security: [],
      summary: 'Make an account and sign in',
      body: Registration,
      response: { 201: SignedIn, ...Problems(400, 403, 409, 503) }
    }
  }, async (request, reply) => {
    reply.code(201)
    return app.accounts.register(request.body, deviceOf(request))
  })

  app.post('/login', {
    config: { task: 'login' },
    schema: {
      operationId: 'login',
      tags: ['auth'],
      security: [],
      summary: 'Sign in',
      description: 'A user with too many sessions loses the oldest one.',
      body: Login,
      response: { 200: SignedIn, ...Problems(400, 401, 503) }
    }
  }, async (request) => app.accounts.login(request.body, deviceOf(request)))

  app.post('/refresh', {
    config: { task: 'refresh_session' },
    schema: {
      operationId: 'refresh',
      tags: ['auth'],
      security: [],
      summary: 'Trade a refresh token for new tokens',
      description: 'Each refresh token is good once. For half a minute it gives the same next one again, in case the answer was lost; after that its use ends the session.',
      body: Refresh,
      response: { 200: SignedIn, ...Problems(400, 401, 503) }
    }
  }, async ({ body }) => app.accounts.refresh(body.refreshToken))
}

export default routes
