import type { TSchema } from '@sinclair/typebox'
import { failures } from '../errors.js'
import { limits } from '../realtime/limits.js'
import { chatEvents } from './event-schema.js'
import { commands, Reply, serverFrames, subprotocol } from './frames.js'

interface Message { name: string, title: string, summary?: string, payload: unknown }

const ref = (path: string) => ({ $ref: `#/${path}` })

/** A pointer has no bare slash, and tools make file names of these: dots are as far as it goes. */
const commandName = (type: string) => `command.${type}`

/** The whole frame of a command: an id of the client's choice, a type, its data. */
const commandMessage = (type: string, data: TSchema): Message => ({
  name: type,
  title: type,
  summary: `Command \`${type}\`; answered by exactly one reply.`,
  payload: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'type', 'data'],
    properties: { id: { type: 'string', minLength: 1, maxLength: limits.commandIdLengthMax }, type: { const: type }, data }
  }
})

const eventMessage = (type: string, payload: TSchema): Message => ({ name: type, title: type, payload })

function closeCodes (): string {
  return Object.entries(failures)
    .flatMap(([code, failure]) => 'close' in failure ? [`- ${failure.close} \`${code}\`: ${failure.en}`] : [])
    .sort()
    .join('\n')
}

/** The chat socket as an AsyncAPI 3.0 document, made of the schemas that validate and type its frames.
 *  `baseUrl` is where clients reach the server. */
export function asyncapiDocument (version: string, baseUrl: string): object {
  const { host, protocol, pathname } = new URL(baseUrl)
  const received = Object.entries(commands).map(([type, data]): [string, Message] => [commandName(type), commandMessage(type, data)])
  const sent = Object.entries({ ...serverFrames, ...chatEvents }).map(([type, schema]): [string, Message] => [type, eventMessage(type, schema)])
  const messages = Object.fromEntries([...received, ...sent, ['reply', eventMessage('reply', Reply)]])

  const operation = (action: 'send' | 'receive', names: string[], more: object = {}) =>
    ({ action, channel: ref('channels/socket'), messages: names.map((name) => ref(`channels/socket/messages/${name}`)), ...more })

  // What is undefined or a symbol of the schema library is no JSON.
  return JSON.parse(JSON.stringify({
    asyncapi: '3.0.0',
    info: {
      title: 'NEXU chat socket',
      version,
      description: 'Raw WebSocket, one JSON object in one text frame. Clients ignore fields and events that they do not know. ' +
        `Close codes 4000 to 4499 invite to come back, 4500 to 4999 do not:\n\n${closeCodes()}`,
      license: { name: 'MIT' }
    },
    defaultContentType: 'application/json',
    servers: {
      here: { host, protocol: protocol === 'https:' ? 'wss' : 'ws', ...(pathname !== '/' && { pathname }), description: 'This server' }
    },
    channels: {
      socket: {
        address: '/v1/socket',
        description: `Subprotocol \`${subprotocol}\`; none offered means the same.`,
        messages: Object.fromEntries(Object.keys(messages).map((name) => [name, ref(`components/messages/${name}`)])),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } }
      }
    },
    operations: {
      ...Object.fromEntries(received.map(([name]) => [name, operation('receive', [name], {
        reply: { channel: ref('channels/socket'), messages: [ref('channels/socket/messages/reply')] }
      })])),
      events: operation('send', sent.map(([name]) => name))
    },
    components: { messages }
  }))
}
