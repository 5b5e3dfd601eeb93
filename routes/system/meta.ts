import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { languages, limits as lists, Problems } from '../../domain/schema.js'
import { Meta } from '../../domain/system/schema.js'
import { version } from '../../domain/system/version.js'
import { limits } from '../../plugins/guard.js'

/** What a client may want to know of this server before it signs in. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/meta', {
    schema: { operationId: 'getMeta', tags: ['system'], security: [], summary: 'Version, features and limits', response: { 200: Meta, ...Problems() } }
  }, async () => ({
    name: 'nexu',
    version,
    features: { registration: app.config.REGISTRATION, languages: [...languages] },
    limits: { bodyBytesMax: limits.bodyBytesMax, headerBytesMax: limits.headerBytesMax, pageItemsMax: lists.pageItemsMax }
  }))
}

export default routes
