import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { chatLimits } from '../../domain/chat/limits.js'
import { languages, limits as lists, Problems } from '../../domain/schema.js'
import { Meta } from '../../domain/system/schema.js'
import { version } from '../../domain/system/version.js'
import { limits as accounts } from '../../domain/users/limits.js'
import { limits as requests } from '../../plugins/guard.js'

const limits = {
  bodyBytesMax: requests.bodyBytesMax,
  headerBytesMax: requests.headerBytesMax,
  pageItemsMax: lists.pageItemsMax,
  textBytesMax: chatLimits.textBytesMax,
  metadataBytesMax: chatLimits.metadataBytesMax,
  metadataKeysMax: chatLimits.metadataKeysMax,
  conversationNameLengthMax: chatLimits.nameLengthMax,
  topicLengthMax: chatLimits.topicLengthMax,
  membersMax: chatLimits.membersMax,
  usernameLengthMin: accounts.nameLengthMin,
  usernameLengthMax: accounts.nameLengthMax,
  displayNameLengthMax: accounts.displayNameLengthMax,
  passwordLengthMin: accounts.passwordLengthMin,
  passwordLengthMax: accounts.passwordLengthMax
}

/** What a client may want to know of this server before it signs in. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/meta', {
    schema: { operationId: 'getMeta', tags: ['system'], security: [], summary: 'Version, features and limits', response: { 200: Meta, ...Problems() } }
  }, async () => ({ name: 'nexu', version, features: { registration: app.config.REGISTRATION, languages: [...languages] }, limits }))
}

export default routes
