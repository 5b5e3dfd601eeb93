import { asyncapiDocument } from '../../domain/chat/asyncapi.js'
import { version } from '../../domain/system/version.js'
import { readConfig } from '../../plugins/config.js'

/** The AsyncAPI document as the server gives it at `/asyncapi.json`. */
export const renderAsyncapiDocument = (): string => `${JSON.stringify(asyncapiDocument(version, readConfig({}).PUBLIC_URL), null, 2)}\n`
