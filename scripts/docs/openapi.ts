import { createApp } from '../../app.js'
import { readConfig } from '../../plugins/config.js'
import { createMemoryStore } from '../../storage/index.js'

/** The OpenAPI document as the server gives it at `/openapi.json`. */
export async function renderOpenapiDocument (): Promise<string> {
  const app = createApp({ config: readConfig({ NODE_ENV: 'test' }), store: await createMemoryStore() })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return `${JSON.stringify(document, null, 2)}\n`
}
