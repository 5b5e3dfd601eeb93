import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { version } from '../domain/system/version.js'
import { nameComponents } from './components.js'

/** What the page needs, all of it served by ourselves: its scripts and styles are files, but the library
 *  also sets styles and small images by script. */
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const document: FastifyDynamicSwaggerOptions['openapi'] = {
  openapi: '3.1.0',
  info: {
    title: 'NEXU',
    version,
    summary: 'Self-hosted chat',
    description: 'Chat over REST and WebSocket. Failures are problem documents (RFC 9457) in Spanish or English by `Accept-Language`.',
    license: { name: 'MIT', identifier: 'MIT' }
  },
  servers: [{ url: '/', description: 'This server' }],
  tags: [
    { name: 'system', description: 'The server itself' },
    { name: 'auth', description: 'Registering, signing in, sessions' },
    { name: 'users', description: 'People' },
    { name: 'conversations', description: 'Conversations and who takes part in them' },
    { name: 'messages', description: 'What is said, and the log of everything that happened' },
    { name: 'sync', description: 'Hearing of what happens as it happens' }
  ],
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access token of `login`, `register` or `refresh`' }
    }
  },
  // An operation that is open to everybody says `security: []`.
  security: [{ bearer: [] }]
}

/** The OpenAPI document of all routes that are registered after this, and the page that shows it. */
export default fp(async (app) => {
  await app.register(swagger, {
    openapi: document,
    transformObject: (made) => 'openapiObject' in made ? nameComponents(made.openapiObject) : made.swaggerObject
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'list', tryItOutEnabled: true, persistAuthorization: false },
    theme: { title: 'NEXU' }
  })
}, { name: 'openapi' })
