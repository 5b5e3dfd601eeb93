import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { subprotocol } from '../../domain/chat/frames.js'
import { AppError } from '../../domain/errors.js'
import { preferredLanguage } from '../../domain/language.js'
import type { Connection, Socket } from '../../domain/realtime/connection.js'
import type { Command } from '../../domain/realtime/inbox.js'
import { Problems } from '../../domain/schema.js'
import { timed } from '../../domain/timing.js'
import { findCommand } from './commands/index.js'

const Headers = Type.Object({
  origin: Type.Optional(Type.String({ description: 'Where a browser comes from: our own origin, or one of `CORS_ORIGINS`' })),
  'sec-websocket-protocol': Type.Optional(Type.String({ description: `\`${subprotocol}\`; none offered means the same` })),
  authorization: Type.Optional(Type.String({ description: 'Signs in at once, where the client can set headers' })),
  'last-event-id': Type.Optional(Type.String({ maxLength: 256, description: 'Beside `Authorization`: the cursor to resume from' })),
  'accept-language': Type.Optional(Type.String({ description: 'The language of the texts in error replies' }))
})

const schema = {
  operationId: 'openSocket',
  tags: ['sync'],
  summary: 'Open the chat socket',
  description: 'A WebSocket that speaks JSON: one object in one text frame. After `hello` send `auth`, or send a token as `Authorization`, which `authenticated` answers.',
  // Either way: a token here, or an `auth` frame later.
  security: [{}, { bearer: [] }],
  headers: Headers,
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    101: Type.Null({ description: 'The protocol is a WebSocket from here on' }),
    ...Problems(400, 401, 403, 426, 429, 503)
  }
}

/** The live side of chat. Whatever a command does is done by the domain function that REST calls. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/socket',
    schema,
    config: { socket: true },
    preHandler: async (request, reply) => {
      if (!request.ws) throw new AppError('upgrade_required')
      assertSubprotocol(request.headers['sec-websocket-protocol'])
      assertOrigin(request, app.config.CORS_ORIGINS)
      if (request.headers.authorization !== undefined) await app.authenticate(request, reply)
      if (!app.hub.hasRoomFor(request.ip)) throw new AppError('too_many_sockets', { retryAfterMs: app.hub.limits.authTimeoutMs })
    },
    handler: async () => { throw new AppError('upgrade_required') },
    wsHandler: (ws, request) => connect(app, ws, request)
  })
}

export default routes

/** Every listener is there before this returns: a frame that comes earlier than its listener is lost. */
function connect (app: FastifyInstance, ws: WebSocket, request: FastifyRequest) {
  const { headers, ip } = request
  const connection = app.hub.connect({
    socket: toSocket(ws),
    address: ip,
    language: preferredLanguage(headers['accept-language']),
    execute: (peer, command) => execute(app, peer, command)
  })
  ws.on('message', (data, isBinary) => isBinary ? connection.receiveBinary() : connection.receive(String(data)))
  ws.on('error', connection.failed)
  ws.on('close', connection.closed)
  connection.open(tokenOf(headers.authorization), cursorOf(headers['last-event-id']))
}

async function execute (app: FastifyInstance, peer: Connection, { type, data }: Command): Promise<unknown> {
  const { task, level, run } = findCommand(type)
  return timed(app.log, task, () => run(app, peer, data), level)
}

function toSocket (ws: WebSocket): Socket {
  return {
    get bufferedAmount () { return ws.bufferedAmount },
    send: (frame, taken) => ws.send(frame, { binary: false }, taken),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate()
  }
}

function assertSubprotocol (offered: string | undefined) {
  if (offered === undefined || offered.split(',').some((name) => name.trim() === subprotocol)) return
  throw new AppError('subprotocol_unknown')
}

/** Only browsers send an Origin, and only they can be made to connect by somebody else's page. */
function assertOrigin ({ headers: { origin, host } }: FastifyRequest, allowed: readonly string[]) {
  if (origin === undefined || allowed.includes(origin)) return
  if (URL.canParse(origin) && new URL(origin).host === host) return
  throw new AppError('origin_forbidden')
}

const tokenOf = (authorization: string | undefined): string | undefined => authorization?.replace(/^bearer +/i, '')

const cursorOf = (header: string | string[] | undefined): string | undefined => typeof header === 'string' ? header : undefined
