import fp from 'fastify-plugin'

/** What bodies may be: JSON, also under the name that a PATCH has for it (RFC 7396). A schema says what a
 *  null means there. Plain text, which Fastify would take, is for no route. */
export default fp(async (app) => {
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser('application/merge-patch+json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
}, { name: 'bodies' })
