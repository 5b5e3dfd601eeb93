import cors from '@fastify/cors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AppError } from '../domain/errors.js'
import type { Config } from './config.js'
import { answerBrokenHttp, answerFailure } from './errors.js'
import { createLogController } from './logging.js'
import { requestIdFrom, traceparentFrom } from './trace.js'

/** What a request may cost before anybody knows who asks. A text of 16 KiB may grow sixfold by escapes. */
export const limits = {
  bodyBytesMax: 128 * 1024,
  headerBytesMax: 16 * 1024,
  paramCharsMax: 128,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** How late either of the two may be noticed. */
  timeoutsCheckedMs: 5_000,
  keepAliveTimeoutMs: 72_000,
  preflightCacheSeconds: 600
}

/** The headers that keep a browser from doing anything clever with an answer. Written out, since the helmet
 *  plugin builds the same ones anew for each request, which halves what a small route can serve. */
const security = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store'
}

const corsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ['Authorization', 'Content-Type', 'Accept-Language', 'If-Match', 'Idempotency-Key', 'X-Request-Id', 'traceparent'],
  exposedHeaders: ['ETag', 'Location', 'X-Request-Id', 'traceparent', 'Retry-After', 'Idempotency-Replayed', 'Server-Timing', 'Allow', 'Content-Language'],
  credentials: false,
  maxAge: limits.preflightCacheSeconds,
  strictPreflight: false
}

/** What Fastify has to be told when the instance is made; the rest of the guard is the plugin. */
export function serverOptions ({ TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>) {
  return {
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      // Left to itself, Node would answer a request without one by itself, and without a problem.
      requireHostHeader: false,
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.timeoutsCheckedMs
    },
    routerOptions: { maxParamLength: limits.paramCharsMax },
    trustProxy: TRUST_PROXY.length > 0 ? [...TRUST_PROXY] : false,
    genReqId: ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => requestIdFrom(headers['x-request-id']),
    logController: createLogController(),
    return503OnClosing: false,
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (thrown: Error, request: FastifyRequest, reply: FastifyReply) => {
      mark(request, reply)
      answerFailure(thrown, request, reply)
    }
  }
}

function mark (request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(security)
  reply.header('x-request-id', request.id)
  reply.header('traceparent', traceparentFrom(request.headers.traceparent))
}

/** Every answer carries the ids of its request and the headers that bind a browser. */
export default fp(async (app) => {
  app.addHook('onRequest', (request, reply, done) => {
    mark(request, reply)
    done(request.headers.host === undefined && request.raw.httpVersion === '1.1' ? new AppError('request_malformed') : undefined)
  })
  if (app.config.CORS_ORIGINS.length > 0) await app.register(cors, { ...corsOptions, origin: [...app.config.CORS_ORIGINS] })
}, { name: 'guard', dependencies: ['config', 'errors'] })
