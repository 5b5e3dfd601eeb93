import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import t from 'tap'
import { asyncapiDocument } from '../domain/chat/asyncapi.js'
import { chatEvents } from '../domain/chat/event-schema.js'
import { commands, serverFrames } from '../domain/chat/frames.js'
import { build } from './helper.js'

const document = JSON.parse(JSON.stringify(asyncapiDocument('0.1.0', 'http://localhost:5000')))

t.test('the document is valid AsyncAPI 3.0', async (t) => {
  const path = fileURLToPath(import.meta.resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'))
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8')))
  t.equal(validate(document), true, JSON.stringify(validate.errors?.slice(0, 5)))
})

t.test('every reference leads somewhere', async (t) => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => String(path))
  t.ok(refs.length > 0)
  for (const path of new Set(refs)) {
    t.ok(path.split('/').reduce((node, name) => node?.[name], document), path)
  }
})

t.test('it has every command, every frame of the server and every event', async (t) => {
  const named = Object.keys(document.components.messages)
  t.same(named.sort(), [
    ...Object.keys(commands).map((type) => `command.${type}`), ...Object.keys(serverFrames), ...Object.keys(chatEvents), 'reply'
  ].sort())
  t.same(Object.keys(document.channels.socket.messages).sort(), named)
})

t.test('the server gives it, with its own address', async (t) => {
  const app = await build(t, { env: { PUBLIC_URL: 'https://chat.example.org' } })
  const { statusCode, headers, body } = await app.inject('/asyncapi.json')
  t.equal(statusCode, 200)
  t.match(headers['content-type'], /^application\/json/)
  t.match(JSON.parse(body), { asyncapi: '3.0.0', servers: { here: { host: 'chat.example.org', protocol: 'wss' } } })
})
