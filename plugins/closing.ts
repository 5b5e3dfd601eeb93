import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AppError } from '../domain/errors.js'

const limits = { retryAfterMs: 2_000, lookEveryMs: 20 }

/** The end of the server: whoever asks gets 503, whoever is being answered is answered, and then every
 *  connection is closed. Node would wait for those that were made and never asked anything, and for those
 *  that became idle just after it had looked. */
export default fp(async (app) => {
  let closing = false
  const answering = new Set<FastifyRequest>()
  let timer: NodeJS.Timeout | undefined
  // A socket is no answer: its hub drains it.
  const isAnswered = ({ headers }: FastifyRequest) => headers.upgrade === undefined

  app.addHook('onRequest', (request, _reply, done) => {
    if (isAnswered(request)) answering.add(request)
    // Left to itself, Fastify would turn the last ones away with a body of its own.
    done(closing ? new AppError('shutting_down', { retryAfterMs: limits.retryAfterMs }) : undefined)
  })
  app.addHook('onResponse', (request, _reply, done) => {
    answering.delete(request)
    // An upgrade that was refused before the websocket plugin knew of it leaves a connection that nobody reads.
    if (!isAnswered(request) && !request.ws) request.raw.socket.destroySoon()
    done()
  })
  app.addHook('preClose', async () => {
    closing = true
    timer = setInterval(() => { if (answering.size === 0) app.server.closeAllConnections() }, limits.lookEveryMs)
  })
  app.addHook('onClose', async () => { clearInterval(timer) })
}, { name: 'closing', dependencies: ['guard', 'errors'] })
