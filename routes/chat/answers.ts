import type { FastifyReply } from 'fastify'
import type { NewMessage } from '../../domain/chat/schema.js'
import { AppError } from '../../domain/errors.js'
import { etag } from '../../domain/etags.js'

/** What HTTP says in headers, and the domain in plain values. */

/** What a PATCH may be sent as. */
export const mergePatch = ['application/merge-patch+json', 'application/json']

/** Says the version of what is answered. */
export function tagged<T extends { version: number }> (reply: FastifyReply, body: T): T {
  reply.header('etag', etag(body.version))
  return body
}

/** Says that this was done by an earlier request. */
export function marked<T> (reply: FastifyReply, replayed: boolean, body: T): T {
  if (replayed) reply.header('idempotency-replayed', 'true')
  return body
}

/** For a message the header is the `clientId`; it may be said in either place.
 *  @throws AppError validation_failed where the two differ */
export function withClientId ({ 'idempotency-key': key }: { 'idempotency-key'?: string | undefined }, body: NewMessage): NewMessage {
  if (key === undefined || key === body.clientId) return body
  if (body.clientId === undefined) return { ...body, clientId: key }
  throw new AppError('validation_failed', { faults: [{ field: '/clientId', es: 'Idempotency-Key dice otro', en: 'Idempotency-Key says another one' }] })
}
