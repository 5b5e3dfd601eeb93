import websocket from '@fastify/websocket'
import type { FastifyBaseLogger } from 'fastify'
import fp from 'fastify-plugin'
import { subprotocol } from '../domain/chat/frames.js'
import { AppError } from '../domain/errors.js'
import { type Clock, systemClock } from '../domain/realtime/clock.js'
import { createFeed } from '../domain/realtime/feed.js'
import { createHub, type Hub } from '../domain/realtime/hub.js'
import { limits, type RealtimeLimits } from '../domain/realtime/limits.js'
import { endedLine, recordStep, type TaskLog } from '../domain/timing.js'
import { answerBrokenHttp } from './errors.js'
import { translate } from './translate.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route is for sockets. */
    socket?: true
  }
  interface FastifyInstance { hub: Hub }
}

export interface ChatSocketsOptions {
  /** The time of the sockets, and other bounds: for tests. */
  sockets?: { clock?: Clock, limits?: Partial<RealtimeLimits>, random?: () => number }
}

const onlyOneSocket = { es: 'Solo /v1/socket es un WebSocket', en: 'Only /v1/socket is a WebSocket' }

/** The live side: what chat and sessions tell goes to the hub, and from there to the sockets. */
export default fp<ChatSocketsOptions>(async (app, { sockets = {} }) => {
  const { chat, sessions, store } = app
  const log: TaskLog = app.log
  const hub = createHub({
    clock: sockets.clock ?? systemClock,
    limits: { ...limits, ...sockets.limits },
    feed: createFeed(store, chat),
    verify: app.verifyToken,
    translate,
    report: (thrown) => logFailure(app.log, translate(thrown, 'es'), thrown),
    random: sockets.random ?? Math.random,
    onDelivered (ms) {
      recordStep('deliver', ms, true)
      if (log.isLevelEnabled?.('debug') !== false) log.debug(endedLine('deliver', ms))
    },
    onFailure: (err) => app.log.error({ err }, 'Entrega en vivo fallida: se cierran las conexiones')
  })
  app.decorate('hub', hub)

  const watches = [chat.watch(hub.deliver), sessions.watch(hub.endSession)]
  app.addHook('onClose', async () => { for (const end of watches) end() })

  await app.register(websocket, {
    options: {
      maxPayload: hub.limits.frameBytesMax,
      perMessageDeflate: false,
      handleProtocols: (offered) => offered.has(subprotocol) && subprotocol
    },
    // The library has sent the close frame that fits (1002, 1007, 1009); the connection does the rest.
    errorHandler: (err, _socket, { log }) => log.debug({ err }, 'WebSocket cerrado por un error de protocolo'),
    async preClose () {
      await hub.drain()
      for (const client of app.websocketServer.clients) client.terminate()
      app.websocketServer.close()
    }
  })
  app.websocketServer.on('wsClientError', answerBrokenHttp)
  // The library would open a socket on any route, only to close it.
  app.addHook('onRequest', ({ ws, routeOptions }, _reply, done) => {
    done(ws && routeOptions.config.socket !== true ? new AppError('request_malformed', { detail: onlyOneSocket }) : undefined)
  })
}, { name: 'chat-sockets', dependencies: ['config', 'store', 'repositories', 'auth'] })

/** What the client is not told. A fault of its own is in what it hears. */
function logFailure (log: FastifyBaseLogger, { code, statusCode, temporary }: AppError, err: unknown): void {
  if (statusCode < 500) return
  if (temporary) log.warn({ code, err }, `Conexión aplazada: ${code}`)
  else log.error({ code, err }, `Conexión fallida: ${code}`)
}
