import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { AppError } from '../../domain/errors.js'
import { Problems } from '../../domain/schema.js'
import { explainProblem, explanationPage } from '../../domain/system/explain.js'
import { ProblemExplanation, ProblemParams } from '../../domain/system/schema.js'

/** Where the `type` of every problem leads: what it means, for programs and for people. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/:code', {
    schema: {
      operationId: 'explainProblem',
      tags: ['system'],
      security: [],
      summary: 'What a problem means',
      params: ProblemParams,
      response: {
        200: {
          description: 'The problem in both languages',
          content: { 'application/json': { schema: ProblemExplanation }, 'text/html': { schema: Type.String() } }
        },
        ...Problems(404)
      }
    }
  }, async ({ params, headers }, reply) => {
    const explanation = explainProblem(params.code)
    if (explanation === null) throw new AppError('route_not_found')
    reply.header('vary', 'Accept')
    if (!headers.accept?.includes('text/html')) return explanation
    reply.type('text/html; charset=utf-8')
    return explanationPage(explanation)
  })
}

export default routes
