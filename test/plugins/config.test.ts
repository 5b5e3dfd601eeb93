import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import config, { ConfigError, readConfig } from '../../plugins/config.js'

const key = Buffer.alloc(32, 7).toString('base64')

function faultsOf (env: Record<string, string>, file = ''): string[] {
  try {
    readConfig(env, file)
    return []
  } catch (err) {
    if (!(err instanceof ConfigError)) throw err
    return err.faults.map(({ variable }) => variable)
  }
}

t.test('nothing set at all is a configuration', async (t) => {
  t.strictSame(readConfig({}), {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: 5000,
    PUBLIC_URL: 'http://localhost:5000',
    TRUST_PROXY: [],
    CORS_ORIGINS: [],
    REGISTRATION: 'open',
    NFS_PATH: './db',
    ANCHOR_PATH: './local/anchor',
    ANCHOR_POLICY: 'strict',
    ENCRYPTION_KEY_FILE: './local/nexu.key',
    LOG_LEVEL: 'INFO',
    LOG_FORMAT: 'seed',
    LOGS_PATH: './logs'
  })
})

t.test('values come out in their types', async (t) => {
  const env = {
    PORT: ' 8080 ',
    CORS_ORIGINS: 'https://a.example, http://localhost:3000,',
    TRUST_PROXY: '10.0.0.0/8,::1,loopback',
    HOST: '::',
    TZ: 'Europe/Madrid',
    PUBLIC_URL: 'https://chat.example.org/nexu'
  }
  t.match(readConfig(env), {
    PORT: 8080,
    CORS_ORIGINS: ['https://a.example', 'http://localhost:3000'],
    TRUST_PROXY: ['10.0.0.0/8', '::1', 'loopback'],
    HOST: '::',
    TZ: 'Europe/Madrid',
    PUBLIC_URL: 'https://chat.example.org/nexu'
  })
  t.equal(readConfig({ PORT: '81' }).PUBLIC_URL, 'http://localhost:81')
})

t.test('level names are those of Python or pino, in any case', async (t) => {
  const levels = { info: 'INFO', DEBUG: 'DEBUG', trace: 'DEBUG', warn: 'WARNING', Warning: 'WARNING', error: 'ERROR', fatal: 'CRITICAL', CRITICAL: 'CRITICAL' }
  for (const [word, level] of Object.entries(levels)) t.equal(readConfig({ LOG_LEVEL: word }).LOG_LEVEL, level, word)
  t.equal(readConfig({ LOG_FORMAT: 'JSON' }).LOG_FORMAT, 'json')
})

t.test('the environment wins over the .env file, and hides what it sets to nothing', async (t) => {
  const file = 'PORT=1111\n# comment\nHOST="0.0.0.0"\nREGISTRATION=closed\n'
  t.match(readConfig({ PORT: '2222', REGISTRATION: '' }, file), { PORT: 2222, HOST: '0.0.0.0', REGISTRATION: 'open' })
})

t.test('FLASK_ENV is another name of NODE_ENV', async (t) => {
  t.equal(readConfig({ FLASK_ENV: 'production' }).NODE_ENV, 'production')
  t.equal(readConfig({ NODE_ENV: 'test', FLASK_ENV: 'test' }).NODE_ENV, 'test')
  t.equal(readConfig({ NODE_ENV: 'production' }, 'FLASK_ENV=development').NODE_ENV, 'production')
  t.equal(readConfig({ FLASK_ENV: 'production' }, 'NODE_ENV=development').NODE_ENV, 'production')
  t.strictSame(faultsOf({ NODE_ENV: 'development', FLASK_ENV: 'production' }), ['NODE_ENV'])
})

t.test('there is exactly one key', async (t) => {
  t.match(readConfig({ ENCRYPTION_KEY: key }), { ENCRYPTION_KEY: key, ENCRYPTION_KEY_FILE: undefined })
  t.match(readConfig({ ENCRYPTION_PASSPHRASE: 'a long enough one' }), { ENCRYPTION_KEY_FILE: undefined })
  t.equal(readConfig({ ENCRYPTION_KEY_FILE: '/run/secrets/key' }).ENCRYPTION_KEY_FILE, '/run/secrets/key')
  t.strictSame(faultsOf({ ENCRYPTION_KEY: key, ENCRYPTION_KEY_FILE: 'k' }), ['ENCRYPTION_KEY, ENCRYPTION_KEY_FILE'])
  t.strictSame(faultsOf({ ENCRYPTION_KEY: key }, 'ENCRYPTION_PASSPHRASE=a long enough one'), ['ENCRYPTION_KEY, ENCRYPTION_PASSPHRASE'])
})

t.test('what vouches for the data does not lie among them', async (t) => {
  t.strictSame(faultsOf({ NFS_PATH: '/srv/db', ANCHOR_PATH: '/srv/db/anchor', ENCRYPTION_KEY_FILE: '/srv/db' }), ['ANCHOR_PATH', 'ENCRYPTION_KEY_FILE'])
  t.strictSame(faultsOf({ NFS_PATH: '/srv/db', ANCHOR_PATH: '/srv/db-anchor', ENCRYPTION_KEY_FILE: '/srv/key' }), [])
})

t.test('the example file says what the defaults are', async (t) => {
  const example = readFileSync('.env.example', 'utf8').replace(/^#(?=[A-Z_]+=)/gm, '')
  t.strictSame(readConfig({}, example), readConfig({}))
})

const wrong = {
  PORT: ['abc', '-1', '70000', '1.5', '0x10'],
  HOST: ['a b', 'http://x', '[::1]'],
  NODE_ENV: ['staging'],
  PUBLIC_URL: ['localhost', 'ftp://a', 'https://a/', 'https://ana:pw@a', 'https://a?x'],
  TRUST_PROXY: ['10.0.0.0/33', 'proxy', '1.1.1.1/8/8', '::1/129'],
  CORS_ORIGINS: ['*', 'https://a/', 'a.example', 'https://a,b'],
  REGISTRATION: ['yes'],
  ANCHOR_POLICY: ['lax'],
  ENCRYPTION_KEY: ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), 'A'.repeat(42) + 'B='],
  ENCRYPTION_PASSPHRASE: ['too short'],
  LOG_LEVEL: ['LOUD'],
  LOG_FORMAT: ['xml'],
  TZ: ['Mars/Olympus', 'local']
}

t.test('a wrong value is named, and never quoted', async (t) => {
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      t.strictSame(faultsOf({ [name]: value }), [name], `${name}=${value}`)
      t.throws(() => readConfig({ [name]: value }), { exitCode: 78, name: 'ConfigError' })
    }
  }
  const secret = { ENCRYPTION_KEY: 'hunter2hunter2', ENCRYPTION_PASSPHRASE: 'hunter3', PUBLIC_URL: 'https://ana:hunter4@example.org' }
  t.throws(() => readConfig(secret), { message: /^(?!.*hunter)/s })
})

t.test('all faults come at once, in Spanish and English', async (t) => {
  const env = Object.fromEntries(Object.entries(wrong).map(([name, values]) => [name, values[0] ?? '']))
  t.strictSame(new Set(faultsOf(env)), new Set([...Object.keys(wrong), 'ENCRYPTION_KEY, ENCRYPTION_PASSPHRASE']))
  t.throws(() => readConfig({ PORT: 'x', LOG_LEVEL: 'y' }), {
    message: [
      'La configuración no es válida (the configuration is not valid):',
      '  - PORT: debe ser un entero de 0 a 65535 (must be a whole number from 0 to 65535)',
      '  - LOG_LEVEL: debe ser uno de: DEBUG, INFO, WARNING, ERROR, CRITICAL (must be one of: DEBUG, INFO, WARNING, ERROR, CRITICAL)'
    ].join('\n')
  })
})

t.test('the plugin gives the values to everything else', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await app.register(config, { config: readConfig({ PORT: '7' }) })
  t.equal(app.config.PORT, 7)
  t.ok(Object.isFrozen(app.config))
})

const script = `
  import { loadConfig } from ${JSON.stringify(join(import.meta.dirname, '../../plugins/config.js'))}
  const config = loadConfig()
  console.log(JSON.stringify([config.PORT, config.REGISTRATION, new Date(0).getHours()]))`

const inProcess = (t: Test, dotEnv?: string) => ({
  cwd: t.testdir(dotEnv === undefined ? {} : { '.env': dotEnv }),
  env: { PORT: '6001' },
  encoding: 'utf8' as const
})

t.test('a process reads its environment and its .env, and takes the time zone', async (t) => {
  const run = (dotEnv?: string) => JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], inProcess(t, dotEnv)))
  t.strictSame(run('REGISTRATION=closed\nPORT=1\nTZ=Asia/Tokyo'), [6001, 'closed', 9])
  t.match(run(), [6001, 'open', Number])
})

t.test('an .env that cannot be read is not passed over', async (t) => {
  const options = inProcess(t)
  const cwd = t.testdir({ '.env': {} })
  t.match(spawnSync(process.execPath, ['--input-type=module', '-e', script], { ...options, cwd }).stderr, /EISDIR/)
})
