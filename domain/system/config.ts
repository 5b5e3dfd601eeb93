import { isIP } from 'node:net'
import { FormatRegistry, type Static, Type } from '@sinclair/typebox'
import { choice } from '../schema.js'

const zoneExists = (zone: string): boolean => {
  try { return Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined } catch { return false }
}

const isBaseUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '' && !text.endsWith('/')
}

const isProxy = (text: string): boolean => {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [address = '', bits = '0', ...more] = text.split('/')
  const version = isIP(address)
  return version !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

/** What a text must be, said to the person who wrote another one. The names are those of `format`. */
export const formats: Record<string, { accepts: (text: string) => boolean, es: string, en: string }> = {
  'nexu-host': {
    accepts: (text) => isIP(text) !== 0 || /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i.test(text),
    es: 'una dirección IP o un nombre de máquina',
    en: 'an IP address or a host name'
  },
  'nexu-key': {
    accepts: (text) => /^[A-Za-z\d+/]{43}=$/.test(text) && Buffer.from(text, 'base64').toString('base64') === text,
    es: '32 bytes en base64 (44 caracteres)',
    en: '32 bytes in base64 (44 characters)'
  },
  'nexu-origin': {
    accepts: (text) => URL.canParse(text) && new URL(text).origin === text,
    es: 'un origen como https://chat.example.org, sin barra final',
    en: 'an origin such as https://chat.example.org, without a final slash'
  },
  'nexu-proxy': { accepts: isProxy, es: 'una dirección IP, una red CIDR o loopback', en: 'an IP address, a CIDR network or loopback' },
  'nexu-time-zone': { accepts: zoneExists, es: 'una zona horaria IANA como Europe/Madrid', en: 'an IANA time zone such as Europe/Madrid' },
  'nexu-url': {
    accepts: isBaseUrl,
    es: 'una URL http(s) sin credenciales, consulta ni barra final',
    en: 'an http(s) URL without credentials, query or final slash'
  }
}

for (const [name, { accepts }] of Object.entries(formats)) FormatRegistry.Set(name, accepts)

const path = (description: string, preset: string) =>
  Type.String({ minLength: 1, maxLength: 4096, description, default: preset })

/** Every variable of the environment, once: this value validates them, types them, and is printed as
 *  docs/ENV.md and .env.example. `alias` is another name of the variable, `words` are other spellings of a
 *  value; `secret` keeps a value out of every message. */
export const Variables = Type.Object({
  NODE_ENV: {
    ...choice(['production', 'development', 'test'], {
      description: 'What the server is for. In production it never makes a store or a key by itself: `nexu init` does.',
      default: 'development'
    }),
    alias: 'FLASK_ENV'
  },
  HOST: Type.String({
    format: 'nexu-host',
    description: 'Address to listen on. The default answers to this machine alone; a container needs `0.0.0.0`.',
    default: '127.0.0.1'
  }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, description: 'Port to listen on; 0 takes a free one.', default: 5000 }),
  PUBLIC_URL: Type.String({
    format: 'nexu-url',
    description: 'Where clients reach the server. It is the issuer in access tokens: changing it ends them all.',
    // eslint-disable-next-line no-template-curly-in-string -- expanded by readConfig, printed as it is
    default: 'http://localhost:${PORT}'
  }),
  TRUST_PROXY: Type.Array(Type.String({ format: 'nexu-proxy' }), {
    maxItems: 32,
    description: 'Proxies whose `X-Forwarded-*` headers are believed, separated by commas: addresses, CIDR networks, or `loopback`. Empty believes none.',
    default: []
  }),
  CORS_ORIGINS: Type.Array(Type.String({ format: 'nexu-origin' }), {
    maxItems: 100,
    description: 'Origins of web pages that may call the API and open sockets, separated by commas. Empty allows none.',
    default: []
  }),
  REGISTRATION: choice(['open', 'closed'], { description: 'Whether anybody may register.', default: 'open' }),
  NFS_PATH: path('Directory of the data, local or an NFS mount; the store lives in a folder of its own inside. Nobody has to trust it.', './db'),
  ANCHOR_PATH: path('Directory of the anchor, which notices a store that was put back or lost. On a local disk, never inside `NFS_PATH`.', './local/anchor'),
  ANCHOR_POLICY: choice(['strict', 'first-use'], {
    description: 'A store without an anchor: `strict` refuses it until `nexu open --accept-head`; `first-use` accepts the first head it sees.',
    default: 'strict'
  }),
  ENCRYPTION_KEY: Type.Optional(Type.String({
    format: 'nexu-key',
    description: 'The master key: 32 bytes in base64. At most one of `ENCRYPTION_KEY`, `ENCRYPTION_KEY_FILE` and `ENCRYPTION_PASSPHRASE` may be given.',
    secret: true
  })),
  ENCRYPTION_KEY_FILE: Type.Optional(path('File that holds the master key in base64, readable by its owner alone, never inside `NFS_PATH`. Used where no other key is given.', './local/nexu.key')),
  ENCRYPTION_PASSPHRASE: Type.Optional(Type.String({
    minLength: 12,
    maxLength: 1024,
    description: 'A passphrase from which the master key is derived (scrypt).',
    secret: true
  })),
  LOG_LEVEL: {
    ...choice(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'], {
      description: 'The least level that is logged. The names `trace`, `warn` and `fatal` are understood as well.',
      default: 'INFO'
    }),
    words: { trace: 'DEBUG', warn: 'WARNING', fatal: 'CRITICAL' }
  },
  LOG_FORMAT: choice(['seed', 'json'], {
    description: 'What goes to standard output: `seed` writes the lines of `app.log` (in colour on a terminal), `json` one JSON object a line.',
    default: 'seed'
  }),
  LOGS_PATH: path('Directory of `app.log`.', './logs'),
  TZ: Type.Optional(Type.String({ format: 'nexu-time-zone', description: 'Time zone of the times in the log, such as `Europe/Madrid`. Unset takes that of the machine.' }))
})

/** The configuration as values, under the names that the environment has. Exactly one of ENCRYPTION_KEY,
 *  ENCRYPTION_KEY_FILE and ENCRYPTION_PASSPHRASE is there. */
export type Config = Readonly<Static<typeof Variables>>
