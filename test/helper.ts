import type { FastifyInstance, FastifyPluginAsync, InjectOptions, LightMyRequestResponse, RouteOptions } from 'fastify'
import type { Test } from 'tap'
import { type AppOptions, createApp } from '../app.js'
import { readConfig } from '../plugins/config.js'
import { createMemoryStore } from '../storage/index.js'

export interface BuildOptions extends Partial<AppOptions> {
  /** Variables of the environment over the defaults. */
  env?: Record<string, string>
  /** Routes that only the test has. */
  routes?: FastifyPluginAsync
  /** Is told every route as it is made. */
  onRoute?: (route: RouteOptions) => void
}

/** A whole app on an empty store in memory; both end with the test. */
export async function build (t: Test, { env = {}, routes, onRoute, ...options }: BuildOptions = {}): Promise<FastifyInstance> {
  const app = createApp({
    config: readConfig({ NODE_ENV: 'test', ...env }),
    store: await createMemoryStore(),
    ...options
  })
  if (onRoute !== undefined) app.addHook('onRoute', onRoute)
  if (routes !== undefined) app.register(routes)
  t.teardown(() => app.close())
  await app.ready()
  return app
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Requests in somebody's name: `const ana = as(app, token)`, then `await ana('GET', '/v1/users/me')`. */
export function as (app: FastifyInstance, token: string) {
  return (method: Method, url: string, payload?: InjectOptions['payload'], headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}`, ...headers }, ...(payload !== undefined && { payload }) })
}
