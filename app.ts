import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import auth from './plugins/auth.js'
import bodies from './plugins/bodies.js'
import chatSockets, { type ChatSocketsOptions } from './plugins/chat-sockets.js'
import closing from './plugins/closing.js'
import config, { type Config } from './plugins/config.js'
import errors from './plugins/errors.js'
import guard, { serverOptions } from './plugins/guard.js'
import logging from './plugins/logging.js'
import openapi from './plugins/openapi.js'
import repositories from './plugins/repositories.js'
import schemas from './plugins/schemas.js'
import store, { type StorePluginOptions } from './plugins/store.js'
import conversations from './routes/chat/conversations.js'
import members from './routes/chat/members.js'
import messages from './routes/chat/messages.js'
import socket from './routes/chat/socket.js'
import asyncapi from './routes/system/asyncapi.js'
import health from './routes/system/health.js'
import jwks from './routes/system/jwks.js'
import meta from './routes/system/meta.js'
import documents from './routes/system/openapi.js'
import problems from './routes/system/problems.js'
import signing from './routes/users/auth.js'
import users from './routes/users/index.js'

export interface AppOptions extends StorePluginOptions, ChatSocketsOptions {
  config: Config
  logger?: FastifyBaseLogger
}

/** The app as one plugin: plugins in boot order, then the routes with their prefixes. */
const app = fp<AppOptions>(async (app, options) => {
  await app.register(config, options)
  await app.register(logging)
  await app.register(errors)
  await app.register(guard)
  await app.register(closing)
  await app.register(bodies)
  await app.register(schemas)
  await app.register(openapi)
  await app.register(store, options)
  await app.register(repositories)
  await app.register(auth)
  await app.register(chatSockets, options)

  await app.register(health)
  await app.register(documents)
  await app.register(asyncapi)
  await app.register(jwks)
  await app.register(problems, { prefix: '/problems' })
  await app.register(meta, { prefix: '/v1' })
  await app.register(signing, { prefix: '/v1/auth' })
  await app.register(users, { prefix: '/v1/users' })
  await app.register(conversations, { prefix: '/v1/conversations' })
  await app.register(members, { prefix: '/v1/conversations' })
  await app.register(messages, { prefix: '/v1/conversations' })
  await app.register(socket, { prefix: '/v1' })
}, { name: 'app' })

/** A server with the app in it, ready to listen or to be asked by tests. */
export function createApp (options: AppOptions): FastifyInstance {
  const { logger } = options
  const server = Fastify({ ...serverOptions(options.config), ...(logger && { loggerInstance: logger }) })
  server.register(app, options)
  return server
}
