import { execFileSync, spawnSync } from 'node:child_process'
import { createReadStream, existsSync, openSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { AppError } from '../../domain/errors.js'
import { timed } from '../../domain/timing.js'
import { taskStats } from '../../domain/system/task-stats.js'
import { StoreError } from '../../storage/index.js'
import { readConfig } from '../../plugins/config.js'
import logging, { createLogController, createLogger, createStoreObserver, flushLogs, reopenLogs } from '../../plugins/logging.js'
import { openLineStream } from '../../plugins/logging/stream.js'
import { findTraces, findTracesBelow, makeCanaries } from '../canaries.js'

const stamp = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`

function makeLog (t: Test, env: Record<string, string> = {}, terminal = false) {
  const folder = join(t.testdir(), 'logs')
  let out = ''
  const stdout = { write (line: string) { out += line }, flush: async () => {}, reopen () {} }
  const log = createLogger(readConfig({ LOGS_PATH: folder, ...env }), { stdout, terminal })
  const file = async (name = 'app.log'): Promise<string> => {
    await flushLogs()
    return readFileSync(join(folder, name), 'utf8')
  }
  return { log, folder, file, stdout: () => out }
}

async function makeApp (t: Test, env: Record<string, string> = {}, routes: (app: FastifyInstance) => void = () => {}) {
  const made = makeLog(t, env)
  const app = Fastify({ loggerInstance: made.log, logController: createLogController() })
  t.after(() => app.close())
  await app.register(logging)
  routes(app)
  await app.ready()
  return { ...made, app }
}

t.test('the two lines of the seed, to the letter', async (t) => {
  const { app, file, stdout } = await makeApp(t, {}, (app) => {
    app.get('/me', { config: { task: 'read_user_data' } }, async () => ({ ok: true }))
  })
  await app.inject('/me')
  const text = await file()
  t.match(text, new RegExp(`^${stamp} - INFO - \\[app_logger\\] - Aplicación Fastify inicializada correctamente\n` +
    `${stamp} - INFO - \\[app_logger\\] - Tarea 'read_user_data' ejecutada en \\d\\.\\d{3}s\n$`))
  t.equal(stdout(), text, 'standard output has the same lines where it is no terminal')
})

t.test('times are local, levels have Python names', async (t) => {
  const { log, file } = makeLog(t, { LOG_LEVEL: 'debug' })
  const before = new Date()
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]('x')
  const lines = (await file()).trimEnd().split('\n')
  t.strictSame(lines.map((line) => line.split(' - ')[1]), ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'])
  const logged = new Date(lines[0]?.slice(0, 19).replace(' ', 'T') ?? '')
  t.ok(Math.abs(logged.getTime() - before.getTime()) < 2000, 'read as local time it is now')
})

t.test('an entry is one line, whatever a user typed', async (t) => {
  const { log, file, stdout } = makeLog(t, { LOG_FORMAT: 'json' })
  const nasty = 'a\nb\r\tc\u2028d\u2029e\u001b[31mf\u202eg\u2066h\u0000i\u0085j\u200fk\u007f'
  log.info({ note: nasty, [nasty]: 1 }, nasty)
  const text = await file()
  t.equal(text.split('\n').length, 2)
  t.notMatch(text.trimEnd(), /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
  t.match(text, 'a\\nb\\r\\tc\\u2028d\\u2029e\\u001b[31mf\\u202eg\\u2066h\\u0000i\\u0085j\\u200fk\\u007f')
  t.notMatch(stdout().trimEnd(), /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
  t.match(JSON.parse(stdout()), { level: 'INFO', logger: 'app_logger', msg: nasty, note: nasty })
})

t.test('nobody can write the fields that the logger writes', async (t) => {
  const { log, file } = makeLog(t)
  log.info({ level: 'ERROR', time: 0, logger: 'root', msg: 'other', pid: 3 }, 'words')
  t.match(await file(), new RegExp(`^${stamp} - INFO - \\[app_logger\\] - words pid=3\n$`))
})

t.test('fields stand behind the message, the request from WARNING on', async (t) => {
  const { log, file } = makeLog(t)
  const child = log.child({ requestId: 'r-1' })
  child.info({ code: 'x_y', place: 'a b', n: 1, deep: { a: { b: { c: { d: { e: 1 } } } } }, gone: undefined }, 'm')
  child.warn({ list: [...Array(30).keys()], when: new Date(), big: 2n }, 'm')
  const lines = (await file()).split('\n')
  t.match(lines[0], /- m code=x_y place="a b" n=1 deep=\{"a":\{"b":\{"c":\{"d":"\[\.\.\.\]"\}\}\}\}$/)
  t.match(lines[1], /- WARNING - .* - m requestId=r-1 list=\[0,1,.*,19\] when="\[Date\]" big=2$/)
})

t.test('an error tells its type, code, place and frames, but no message', async (t) => {
  const { log, file } = makeLog(t)
  const cause = Object.assign(new Error('secret'), { code: 'ENOSPC', errno: -28, syscall: 'write', path: '/db/x', body: 'secret' })
  log.error({ err: new StoreError('store_full', { place: 'journal/7', hint: 'make room', cause }) }, 'El almacén')
  log.error(new TypeError('secret\n    at secret (/tmp/secret.js:1:2)'))
  const changed = new Error('secret')
  t.match(changed.stack, 'secret', 'the stack is made when it is first read')
  changed.message = 'other'
  log.error({ err: changed }, changed.message)
  const text = await file()
  t.notMatch(text, 'secret')
  const lines = text.split('\n')
  t.match(lines[0], /- El almacén err=\{"type":"StoreError","code":"store_full","place":"journal\/7","hint":"make room","stack":\[".*logging\.test\.[jt]s:\d+:\d+.*"cause":\{"type":"Error","code":"ENOSPC","errno":-28,"syscall":"write","path":"\/db\/x"/)
  t.match(lines[1], /- Error inesperado: internal err=\{"type":"TypeError","code":"internal","stack":\[".*logging\.test\.[jt]s/)
  t.match(lines[2], /- Error inesperado: internal err=\{"type":"Error","code":"internal","stack":\[\]\}$/)
})

t.test('on a terminal the level has a colour and frames have lines', async (t) => {
  const { log, stdout } = makeLog(t, {}, true)
  log.warn({ err: new Error('x') }, 'Ojo\u001b[2J')
  const [line, frame] = stdout().split('\n')
  t.ok(line?.endsWith('- \u001b[33mWARNING\u001b[39m - [app_logger] - Ojo\\u001b[2J err={"type":"Error","code":"internal"}'), line ?? '')
  t.match(frame, /^ {4}at .*logging\.test\.[jt]s/)
})

t.test('a failed use case is logged by its code, louder where it is our fault', async (t) => {
  const { app, file } = await makeApp(t, {}, (app) => {
    app.setErrorHandler((err, request, reply) => {
      if (request.url === '/mapped') request.failureCode = 'validation_failed'
      reply.code(err instanceof AppError ? err.statusCode : 500).send({})
    })
    const fail = (path: string, err?: Error) => app.get(path, { config: { task: 'x' } }, async (_request, reply) => {
      if (err !== undefined) throw err
      return reply.code(404).send({})
    })
    fail('/mine', new AppError('conversation_not_found'))
    fail('/bug', new Error('bug'))
    fail('/mapped', new Error('FST'))
    fail('/plain')
  })
  for (const path of ['/mine', '/bug', '/mapped', '/plain']) await app.inject(path)
  const lines = (await file()).split('\n').slice(1)
  t.match(lines, [
    /- WARNING - .* - Tarea 'x' falló tras \d\.\d{3}s: conversation_not_found requestId=req-1$/,
    /- ERROR - .* - Tarea 'x' falló tras \d\.\d{3}s: internal requestId=req-2$/,
    /- ERROR - .*: validation_failed requestId=req-3$/,
    /- WARNING - .*: http_404 requestId=req-4$/
  ])
})

t.test('Server-Timing is for the signed-in, with the inner steps where they are logged', async (t) => {
  for (const level of ['INFO', 'DEBUG', 'ERROR']) {
    const { app, log } = await makeApp(t, { LOG_LEVEL: level }, (app) => {
      app.addHook('onRequest', async (request) => { if (request.headers.authorization) Object.assign(request, { caller: { userId: 'u' } }) })
      app.post('/say', { config: { task: 'send_message' } }, async () => timed(log, 'encrypt', async () => ({}), 'debug'))
      app.get('/other', async () => ({}))
    })
    const say = (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/say', headers, payload: {} })
    t.equal((await say({})).headers['server-timing'], undefined)
    const expected = level === 'DEBUG' ? /^send_message;dur=\d+\.\d, encrypt;dur=\d+\.\d$/ : /^send_message;dur=\d+\.\d$/
    t.match((await say({ authorization: 'x' })).headers['server-timing'], expected, level)
    t.equal((await app.inject({ url: '/other', headers: { authorization: 'x' } })).headers['server-timing'], undefined)
  }
})

t.test('every run of a use case is counted, also where none is logged', async (t) => {
  const { app, file } = await makeApp(t, { LOG_LEVEL: 'CRITICAL' }, (app) => {
    app.get('/', { config: { task: 'counted_quietly' } }, async () => ({}))
  })
  await app.inject('/')
  await app.inject('/')
  t.match(taskStats.read().find(({ task }) => task === 'counted_quietly'), { count: 2, failures: 0 })
  t.equal(await file(), '')
})

t.test('app.timed measures what is no request', async (t) => {
  const { app, file } = await makeApp(t)
  t.equal(await app.timed('backup', async () => 7), 7)
  await t.rejects(app.timed('verify', async () => { throw new StoreError('store_damaged') }))
  t.match(await file(), /INFO - \[app_logger\] - Tarea 'backup' ejecutada en .*\n.*ERROR - .*Tarea 'verify' falló tras .*: store_damaged err=\{.*"stack":\[/)
})

t.test('the store is heard: its steps at DEBUG, its words by their level', async (t) => {
  for (const level of ['DEBUG', 'INFO']) {
    const { log, file } = makeLog(t, { LOG_LEVEL: level })
    const observer = createStoreObserver(log)
    observer.time('encrypt_group', 1.5, true)
    observer.time('encrypt_group', 2, false)
    observer.event('error', 'listener_failed', { sequence: 7, err: new Error('x') })
    observer.event('info', 'something_new', { place: 'journal/1' })
    const lines = (await file()).trimEnd().split('\n')
    const steps = [/DEBUG - .* - Tarea 'encrypt_group' ejecutada en 0\.002s$/, /DEBUG - .* falló tras 0\.002s: error$/]
    t.match(lines, [
      ...(level === 'DEBUG' ? steps : []),
      /ERROR - .* - Un suscriptor del almacén falló code=listener_failed sequence=7 err=/,
      /INFO - .* - Aviso del almacén code=something_new place=journal\/1$/
    ])
  }
  t.match(taskStats.read().find(({ task }) => task === 'encrypt_group'), { count: 4, failures: 2 })
})

t.test('after the file was moved away, a new one begins', async (t) => {
  const { log, folder, file } = makeLog(t)
  for (let i = 0; i < 100; i++) log.info(`before ${i}`)
  renameSync(join(folder, 'app.log'), join(folder, 'app.log.1'))
  reopenLogs()
  log.info('after')
  t.match(await file(), /^[^\n]* - after\n$/)
  await t.resolves(new Promise((resolve) => setTimeout(resolve, 50)))
  t.match(await file('app.log.1'), /before 0\n[^]*before 99\n$/)
})

const logger = join(import.meta.dirname, '../../plugins/logging.js')
const run = (folder: string, body: string) => [
  '--input-type=module', '-e',
  `import { createLogger, flushLogs, reopenLogs } from ${JSON.stringify(logger)}
   const log = createLogger({ LOG_LEVEL: 'INFO', LOG_FORMAT: 'seed', LOGS_PATH: ${JSON.stringify(folder)} })
   ${body}`
]

t.test('the last lines before an exit are there, in the file and on standard output', async (t) => {
  const endings = ['process.exit(0)', 'await new Promise(setImmediate); process.exit(0)', 'await flushLogs(); process.exit(0)', '']
  for (const ending of endings) {
    const folder = t.testdir()
    const out = execFileSync(process.execPath, run(folder, `for (let i = 0; i < 2000; i++) log.info('line ' + i); ${ending}`), { encoding: 'utf8' })
    const text = readFileSync(join(folder, 'app.log'), 'utf8')
    t.equal(new Set(text.match(/line \d+$/gm)).size, 2000, `file, ${ending}`)
    t.equal(new Set(out.match(/line \d+$/gm)).size, 2000, `stdout, ${ending}`)
  }
})

t.test('an unwritable directory is said once, and standard output goes on', async (t) => {
  const folder = t.testdir({ logs: 'a file, no directory' })
  const { stdout, stderr, status } = spawnSync(process.execPath, run(join(folder, 'logs'), "log.info('a'); log.info('b')"), { encoding: 'utf8' })
  t.equal(status, 0)
  t.match(stdout, /- a\n.*- b\n$/)
  t.match(stderr, /^El registro no puede escribirse en .*logs\/app\.log: (EEXIST|ENOTDIR) \(the log cannot be written there\)\n$/)
})

t.test('a full disk costs lines, not the server', { skip: existsSync('/dev/full') ? false : 'needs /dev/full' }, async (t) => {
  const folder = t.testdir({ 'app.log': t.fixture('symlink', '/dev/full') })
  const { stdout, stderr, status } = spawnSync(process.execPath, run(folder, "log.info('a'); setTimeout(() => log.info('b'), 50); setTimeout(() => process.exit(3), 100)"), { encoding: 'utf8' })
  t.equal(status, 3)
  t.match(stdout, /- a\n.*- b\n$/)
  t.match(stderr, /^El registro no puede escribirse en .*: ENOSPC [^\n]*\n$/)
})

t.test('a reader that has gone costs standard output, not the file', async (t) => {
  const folder = t.testdir()
  const body = "for (let i = 0; i < 20; i++) { log.info('line ' + i); await new Promise((resolve) => setTimeout(resolve, 15)) }"
  const { stderr, status } = spawnSync('/bin/sh', ['-c', '"$@" | true', 'sh', process.execPath, ...run(folder, body)], { encoding: 'utf8' })
  t.equal(status, 0)
  t.equal(readFileSync(join(folder, 'app.log'), 'utf8').match(/line \d+$/gm)?.length, 20)
  t.match(stderr, /^El registro no puede escribirse en stdout: EPIPE [^\n]*\n$/)
})

t.test('a disk that hangs costs lines, neither memory nor time', async (t) => {
  const fifo = join(t.testdir(), 'fifo')
  execFileSync('mkfifo', [fifo])
  // Opened for both ways: nobody reads until the test does.
  const stream = openLineStream(openSync(fifo, 'r+'), 'fifo')
  const said = t.capture(process.stderr, 'write', () => true)
  const line = `${'x'.repeat(1023)}\n`
  const start = performance.now()
  for (let i = 0; i < 12_000; i++) stream.write(line)
  t.ok(performance.now() - start < 1000, 'writing does not wait')
  const reader = createReadStream(fifo)
  let read = 0
  reader.on('data', (data) => { read += data.length })
  await stream.flush()
  stream.write(line)
  await stream.flush()
  await new Promise((resolve) => setTimeout(resolve, 50))
  reader.destroy()
  stream.end()
  t.equal(read, (8 * 1024 + 1) * 1024)
  t.match(said().map(({ args }) => args[0]), [/^Se perdieron \d+ líneas del registro en fifo/])
})

t.test('no canary reaches a log, wherever it was put', async (t) => {
  const canaries = makeCanaries('password', 'token', 'text', 'cookie', 'query', 'header', 'name')
  const { password, token, text, cookie, query, header, name } = canaries
  for (const format of ['json', 'seed']) {
    const { app, folder, stdout } = await makeApp(t, { LOG_LEVEL: 'DEBUG', LOG_FORMAT: format }, (app) => {
      app.setErrorHandler((err, request, reply) => {
        request.log.error({ err, req: request, res: reply, body: request.body, headers: request.headers, input: { password, Token: token } }, err instanceof Error ? err.message : 'x')
        request.log.error(err)
        request.log.warn({ err })
        return reply.code(500).send({})
      })
      const schema = { body: { type: 'object', properties: { text: { type: 'string', maxLength: 5 }, password: { type: 'integer' } } } }
      app.post('/closed', { schema, config: { task: 'closed' } }, async () => ({}))
      const errors: Record<string, () => Error> = {
        properties: () => Object.assign(new Error('x'), { body: { text }, code: password, value: text, place: text, hint: name, path: query }),
        message: () => new TypeError(`bad\n    at ${text} (/x:1:1)\n${password}`),
        cause: () => new AppError('internal', { cause: new Error(text, { cause: { token } }), detail: { es: text, en: text }, errors: [{ pointer: '/body', detail: text }] }),
        class: () => Object.assign(new RangeError(), { name: text, message: text, stack: `${text}\n    at ${text} (/x:1:1)` }),
        json: () => { try { return JSON.parse(text) } catch (err) { return err instanceof Error ? err : new Error() } },
        aggregate: () => new AggregateError([new Error(text)], text)
      }
      app.post<{ Params: { kind: string } }>('/throws/:kind', { config: { task: 'throws' } }, async (request) => {
        const { kind } = request.params
        request.log.info({ password, accessToken: token, nested: { refreshToken: token, list: [{ text }], Authorization: header }, name, headers: request.headers }, 'x')
        request.log.child({ password, text, username: name }).info('child')
        request.log.info({ request, raw: request.raw, socket: request.raw.socket, url: request.url, buffer: Buffer.from(text), map: new Map([[text, text]]) }, `en ${request.url}`)
        throw errors[kind]?.() ?? new Error(kind)
      })
      app.get('/twice', { config: { task: 'twice' } }, async (_request, reply) => { reply.send({}); reply.send({}) })
      app.get('/stream', async (_request, reply) => {
        reply.header('x-bad', 'fine')
        return reply.send({ text })
      })
    })
    const call = (method: 'GET' | 'POST', url: string, payload?: string) => app.inject({
      method,
      url: `${url}?token=${query}&q=${encodeURIComponent(query)}`,
      headers: { authorization: `Bearer ${token}`, cookie: `sid=${cookie}`, 'x-other': header, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(payload === undefined ? {} : { payload })
    })
    const body = JSON.stringify({ text, password, username: name })
    for (const kind of ['properties', 'message', 'cause', 'class', 'json', 'aggregate', 'other']) await call('POST', `/throws/${kind}`, body)
    await call('POST', '/closed', body)
    await call('POST', '/closed', `{"text": "${text}`)
    await call('POST', '/closed', text)
    await call('GET', '/twice')
    await call('GET', '/stream')
    await call('GET', '/nowhere')
    await flushLogs()
    t.ok(readFileSync(join(folder, 'app.log'), 'utf8').split('\n').length > 30, 'much was logged')
    t.strictSame(findTracesBelow(folder, canaries), [])
    t.strictSame(findTraces(stdout(), canaries), [])
  }
})

t.test('a canary would be found in every form', async (t) => {
  const { a } = makeCanaries('a')
  const forms = [a, Buffer.from(a).toString('hex'), ...['', 'x', 'xy'].flatMap((before) => ['base64', 'base64url'].map((form) => Buffer.from(`${before}${a}zzz`).toString(form === 'base64' ? 'base64' : 'base64url')))]
  for (const form of forms) t.not(findTraces(`some ${form} text`, { a }).length, 0, form)
  t.strictSame(findTraces(Buffer.from(a, 'utf16le'), { a }), ['a (utf-16)'])
  t.strictSame(findTraces('some text', { a }), [])
  const folder = t.testdir({ deep: { file: a } })
  t.strictSame(findTracesBelow(folder, { a }), ['file: a (plain)', 'file: a (url)'])
})
