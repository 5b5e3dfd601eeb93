import type { onRequestAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Caller } from '../domain/caller.js'
import { AppError } from '../domain/errors.js'
import type { Verified } from '../domain/users/tokens.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** An `onRequest` hook: whoever gets past it is in `request.caller`. */
    authenticate: onRequestAsyncHookHandler
    /** Who a token speaks for and until when (milliseconds since 1970): its text is good, and its session lives. */
    verifyToken: (token: string) => Promise<Verified>
  }
  interface FastifyRequest {
    /** Who asks; there only behind `authenticate`. */
    caller: Caller
  }
}

const bearer = /^bearer +([^ ]+)$/i

/** Who is asking. A token that was seen before is answered from memory, without a read of the store. */
export default fp(async (app) => {
  async function verifyToken (token: string): Promise<Verified> {
    const verified = await app.tokens.verify(token)
    if (!await app.sessions.isLive(verified.caller.sessionId)) throw new AppError('session_ended')
    return verified
  }

  app.decorate('verifyToken', verifyToken)
  app.decorateRequest('caller')
  app.decorate('authenticate', async (request) => {
    const { authorization } = request.headers
    if (authorization === undefined) throw new AppError('token_missing')
    const [, token] = bearer.exec(authorization) ?? []
    if (token === undefined) throw new AppError('token_invalid')
    request.caller = (await verifyToken(token)).caller
  })
}, { name: 'auth', dependencies: ['repositories'] })
