import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AppError } from '../domain/errors.js'
import { preferredLanguage } from '../domain/language.js'
import { problemOf } from '../domain/problem.js'
import { createMethodTable } from './methods.js'
import { translate } from './translate.js'

const limits = { lingerMs: 1_000 }

/** Every failure leaves as a problem document; the cause stays here, in the log, once. */
export default fp(async (app) => {
  const methods = createMethodTable()
  // The route that answers preflight requests is for every path: it knows none.
  app.addHook('onRoute', ({ url, method }) => { if (url !== '*') methods.add(url, method) })
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const allowed = methods.of(path)
    if (allowed.length === 0 || allowed.includes(request.method)) throw new AppError('route_not_found')
    reply.header('allow', allowed.join(', '))
    throw new AppError('method_not_allowed')
  })
}, { name: 'errors' })

/** Sends the problem for whatever was thrown. Fastify calls it for failures before routing, too. */
export function answerFailure (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const language = preferredLanguage(request.headers['accept-language'])
  const error = translate(thrown, language)
  request.failureCode = error.code
  logFailure(error, thrown, request)
  reply.code(error.statusCode).headers({
    'content-type': 'application/problem+json',
    'content-language': language,
    vary: [reply.getHeader('vary'), 'Accept-Language'].flat().filter(Boolean).join(', ')
  })
  if (error.statusCode === 401) reply.header('www-authenticate', challenge(error))
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
  reply.send(problemOf(error, language, request.id, request.method === 'GET' ? 'query' : 'body'))
}

/** Answers bytes that are no HTTP: there is no request yet, hence nobody's language but the first one. */
export function answerBrokenHttp (err: Error, socket: Duplex): void {
  if (!socket.writable || ('code' in err && err.code === 'ECONNRESET')) {
    socket.destroy()
    return
  }
  const known = translate(err, 'es')
  const error = known.code === 'internal' ? new AppError('request_malformed') : known
  const body = JSON.stringify(problemOf(error, 'es', randomUUID()))
  socket.end([
    `HTTP/1.1 ${error.statusCode} ${STATUS_CODES[error.statusCode] ?? ''}`,
    'Content-Type: application/problem+json',
    'Content-Language: es',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body
  ].join('\r\n'))
  // Destroyed at once, it might be reset before the answer is read; left alone, it might never end.
  setTimeout(() => socket.destroy(), limits.lingerMs).unref()
}

function logFailure (error: AppError, thrown: unknown, { log }: FastifyRequest): void {
  if (error.statusCode < 500) log.debug({ code: error.code }, `Solicitud rechazada: ${error.code}`)
  else if (error.temporary) log.warn({ code: error.code, err: thrown }, `Solicitud aplazada: ${error.code}`)
  else log.error({ code: error.code, err: thrown }, `Solicitud fallida: ${error.code}`)
}

/** RFC 6750: a token that was sent and refused is called invalid; one that was not sent is just asked for. */
function challenge ({ code }: AppError): string {
  const refused = code === 'token_invalid' || code === 'token_expired' || code === 'session_ended'
  return refused ? 'Bearer realm="nexu", error="invalid_token"' : 'Bearer realm="nexu"'
}
