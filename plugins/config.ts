import { readFileSync } from 'node:fs'
import fp from 'fastify-plugin'
import type { Config } from '../domain/system/config.js'
import { readConfig } from '../domain/system/read-config.js'

export type { Config } from '../domain/system/config.js'
export { ConfigError, readConfig } from '../domain/system/read-config.js'

declare module 'fastify' {
  interface FastifyInstance { config: Config }
}

function envFileText (): string {
  try {
    return readFileSync('.env', 'utf8')
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return ''
    throw err
  }
}

/** The configuration of this process: its environment, over the `.env` of the working directory. Sets the
 *  time zone of the process, which is that of the times in the log.
 *  @throws ConfigError */
export function loadConfig (): Config {
  // The one place that knows of process.env.
  // eslint-disable-next-line no-restricted-properties
  const { env } = process
  const config = readConfig(env, envFileText())
  if (config.TZ !== undefined) env.TZ = config.TZ
  return config
}

/** The values that everything else is made with. */
export default fp<{ config: Config }>(async (app, { config }) => {
  app.decorate('config', config)
}, { name: 'config' })
