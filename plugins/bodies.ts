import type { FastifyBodyParser, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** What bodies may be: JSON, also under the name that a PATCH has for it (RFC 7396). A schema says what a
 *  null means there. Plain text, which Fastify would take, is for no route. */
export default fp(async (app) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'string' }, jsonOrNothing(app))
}, { name: 'bodies' })

/** Many clients name the type of a body also where they send none; only a route that needs one may mind. */
function jsonOrNothing (app: FastifyInstance): FastifyBodyParser<string> {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (request, body, done) => body === '' ? done(null, undefined) : parse.call(app, request, body, done)
}
