import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppError } from '../../domain/errors.js'
import { Problem, Problems } from '../../domain/schema.js'
import { storeStatus } from '../../domain/system/health.js'
import { Alive, Health } from '../../domain/system/schema.js'
import { version } from '../../domain/system/version.js'

const retryAfterMs = 5_000

const Failing = {
  description: 'Neither reads nor writes are served, or the server is shutting down',
  content: { 'application/json': { schema: Health }, 'application/problem+json': { schema: Problem } }
}

/** How the server is, for whoever watches over it. Cheap: it is asked often, and tells nothing of anybody. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/health', {
    schema: { operationId: 'getHealth', tags: ['system'], security: [], summary: 'How the server is', response: { 200: Health, ...Problems(), 503: Failing } }
  }, (_request, reply) => {
    const { writable } = app.store.stats()
    const status = storeStatus(writable)
    reply.code(status === 'failing' ? 503 : 200)
    reply.send({ status, version, uptimeSeconds: Math.floor(process.uptime()), checks: { store: { status, writable } } })
  })

  app.get('/health/live', {
    schema: { operationId: 'getLiveness', tags: ['system'], security: [], summary: 'Whether the process answers at all', response: { 200: Alive, ...Problems() } }
  }, (_request, reply) => { reply.send({ status: 'ok' }) })

  app.get('/health/ready', {
    schema: { operationId: 'getReadiness', tags: ['system'], security: [], summary: 'Whether requests should be sent here', response: { 200: Alive, ...Problems(503, 507) } }
  }, (_request, reply) => {
    const { writable } = app.store.stats()
    if (writable !== 'yes') throw new AppError(writable === 'full' ? 'store_full' : 'store_unavailable', { retryAfterMs })
    reply.send({ status: 'ok' })
  })
}

export default routes
