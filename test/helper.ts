import type { FastifyInstance, FastifyPluginAsync, InjectOptions, LightMyRequestResponse, RouteOptions } from 'fastify'
import type { Test } from 'tap'
import { type AppOptions, createApp } from '../app.js'
import { readConfig } from '../plugins/config.js'
import { createMemoryStore } from '../storage/index.js'

export interface BuildOptions extends Partial<AppOptions> {
  /** Variables of the environment over the defaults. */
  env?: Record<string, string>
  /** Where the store is on the disk; without it, it is in memory. */
  disk?: string
  /** Routes that only the test has. */
  routes?: FastifyPluginAsync
  /** Is told every route as it is made. */
  onRoute?: (route: RouteOptions) => void
}

/** A whole app on a store of its own, empty unless `disk` has one; both end with the test. */
export async function build (t: Test, { env = {}, disk, routes, onRoute, ...options }: BuildOptions = {}): Promise<FastifyInstance> {
  const app = createApp({
    config: readConfig({ NODE_ENV: 'test', ...(disk !== undefined && placesIn(disk)), ...env }),
    ...(disk === undefined && { store: await createMemoryStore() }),
    ...options
  })
  if (onRoute !== undefined) app.addHook('onRoute', onRoute)
  if (routes !== undefined) app.register(routes)
  t.teardown(() => app.close())
  await app.ready()
  return app
}

const placesIn = (directory: string) => ({
  NFS_PATH: `${directory}/db`,
  ANCHOR_PATH: `${directory}/local/anchor`,
  ENCRYPTION_KEY_FILE: `${directory}/local/nexu.key`,
  LOGS_PATH: `${directory}/logs`
})

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Requests in somebody's name: `const ana = as(app, token)`, then `await ana('GET', '/v1/users/me')`. */
export function as (app: FastifyInstance, token: string) {
  return (method: Method, url: string, payload?: InjectOptions['payload'], headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}`, ...headers }, ...(payload !== undefined && { payload }) })
}

/** Somebody who has just registered, and a way to ask in that name. */
export async function registerUser (app: FastifyInstance, username: string, password = 'correct horse') {
  const res = await app.inject({ method: 'POST', url: '/v1/auth/register', payload: { username, password } })
  if (res.statusCode !== 201) throw new Error(`${username} could not register: ${res.body}`)
  const { user, session, accessToken, refreshToken } = res.json()
  return { id: String(user.id), session: String(session.id), token: String(accessToken), refreshToken: String(refreshToken), ask: as(app, accessToken) }
}
