import t, { type Test } from 'tap'
import { AppError } from '../../../domain/errors.js'
import { readConfig } from '../../../plugins/config.js'
import { createLogger, createStoreObserver } from '../../../plugins/logging.js'
import { createMemoryStore } from '../../../storage/index.js'
import { as, build } from '../../helper.js'
import { register, settle, signIn } from '../../socket-client.js'

/** An app with somebody in it who has a group, and what its log has to tell. */
async function scene (t: Test, level: string) {
  let text = ''
  const stdout = { write (line: string) { text += line }, flush: async () => {}, reopen () {} }
  const logger = createLogger(readConfig({ LOGS_PATH: t.testdir(), LOG_LEVEL: level }), { stdout, terminal: false })
  const app = await build(t, { logger, store: await createMemoryStore(createStoreObserver(logger)) })
  const ana = await register(app, 'ana')
  const { conversation } = await app.chat.create(ana.caller, { kind: 'group', name: 'Equipo' })
  const client = await signIn(t, app, ana)
  const lines = () => text.split('\n').flatMap((line) => /\w+ - \[app_logger\] - Tarea .*/.exec(line)?.[0].replace(/ \[app_logger\] -|\d\.\d{3}s/g, '') ?? [])
  return { app, ana, client, conversation: conversation.id, lines, forget () { text = '' } }
}

t.test('a use case of the socket is told like one of REST, a signal is not', async (t) => {
  const { client, conversation, lines, forget } = await scene(t, 'INFO')
  forget()
  await client.command('message.send', { conversation, text: 'hola' })
  await client.command('typing.set', { conversation, on: true })
  await client.command('presence.set', { status: 'away' })
  await client.command('message.send', { conversation, text: '' })
  await client.command('pong')
  await settle()
  t.same(lines(), ['INFO - Tarea \'send_message\' ejecutada en ', 'WARNING - Tarea \'send_message\' falló tras : validation_failed'])
})

t.test('a failure of the server is told once, with its cause', async (t) => {
  const { app, client, conversation, lines, forget } = await scene(t, 'INFO')
  app.chat.markRead = async () => { throw new AppError('integrity', { cause: new Error('x') }) }
  forget()
  t.match(await client.command('read.set', { conversation, seq: 1 }), { ok: false, error: { code: 'integrity' } })
  await settle()
  t.match(lines(), [/^ERROR - Tarea 'mark_read' falló tras : integrity err=\{.*"stack":\[.*"cause":/])
})

t.test('Server-Timing says what the write of a request cost it', async (t) => {
  const { app, ana, conversation } = await scene(t, 'DEBUG')
  const answer = await as(app, ana.token)('POST', `/v1/conversations/${conversation}/messages`, { text: 'hola' })
  t.match(answer.headers['server-timing'], /^send_message;dur=\d+\.\d, (?:.*, )?commit;dur=\d+\.\d/)
})
