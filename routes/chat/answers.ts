import type { FastifyReply } from 'fastify'
import type { Precondition } from '../../domain/chat/repository.js'
import type { NewMessage } from '../../domain/chat/schema.js'
import { AppError } from '../../domain/errors.js'
import { etag } from '../../domain/etags.js'

/** What HTTP says in headers, and the domain in plain values. */

/** The versions that `If-Match` admits (RFC 9110): any one of a list, or `*` for whatever is there. A weak
 *  ETag matches nothing. */
export function admitted ({ 'if-match': ifMatch }: { 'if-match'?: string | undefined }): Precondition {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  return ifMatch.split(',').flatMap((tag) => {
    const version = Number(/^\s*"(\d{1,16})"\s*$/.exec(tag)?.[1])
    return Number.isSafeInteger(version) ? [version] : []
  })
}

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
  throw new AppError('validation_failed', { errors: [{ pointer: '/body/clientId', detail: 'Idempotency-Key says another one' }] })
}
