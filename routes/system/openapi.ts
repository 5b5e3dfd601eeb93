import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Problems } from '../../domain/schema.js'
import { Document } from '../../domain/system/schema.js'

/** The document of the whole API. It is made when somebody first asks for it: the start need not wait. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  let json: string | null = null

  app.get('/openapi.json', {
    schema: { operationId: 'getOpenapiJson', tags: ['system'], security: [], summary: 'This document', response: { 200: Document, ...Problems() } }
  }, async (_request, reply) => reply.type('application/json').send(json ??= JSON.stringify(app.swagger())))

  app.get('/openapi.yaml', {
    schema: {
      operationId: 'getOpenapiYaml',
      tags: ['system'],
      security: [],
      summary: 'This document in YAML',
      response: { 200: { description: 'OpenAPI 3.1', content: { 'application/yaml': { schema: Type.String() } } }, ...Problems() }
    }
  }, async (_request, reply) => reply.type('application/yaml; charset=utf-8').send(app.swagger({ yaml: true })))
}

export default routes
