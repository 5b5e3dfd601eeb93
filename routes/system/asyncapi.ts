import { type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { asyncapiDocument } from '../../domain/chat/asyncapi.js'
import { Problems } from '../../domain/schema.js'
import { Document } from '../../domain/system/schema.js'
import { version } from '../../domain/system/version.js'

/** The document of the chat socket, made when somebody first asks for it. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  let json: string | null = null

  app.get('/asyncapi.json', {
    schema: { operationId: 'getAsyncapiJson', tags: ['system'], security: [], summary: 'The contract of the chat socket', response: { 200: Document, ...Problems() } }
  }, async (_request, reply) => reply.type('application/json').send(json ??= JSON.stringify(asyncapiDocument(version, app.config.PUBLIC_URL))))
}

export default routes
