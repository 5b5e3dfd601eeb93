import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problems } from '../../domain/schema.js'
import { KeySet } from '../../domain/users/schema.js'

// Who meets a key that it does not know asks again; so a copy may be kept for as long as a token lives.
const cacheSeconds = 900

/** The public keys of the access tokens, for whoever wants to check one without asking us. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/.well-known/jwks.json', {
    schema: { operationId: 'getKeys', tags: ['system'], security: [], summary: 'The keys that access tokens are signed with', response: { 200: KeySet, ...Problems() } }
  }, async (_request, reply) => {
    reply.header('cache-control', `public, max-age=${cacheSeconds}`)
    return app.tokens.jwks()
  })
}

export default routes
