import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { collectSteps, endedLine, failedLine, failureCode, serverTiming, type TaskLevel, timed, type Timings } from '../domain/timing.js'
import { taskStats } from '../domain/system/task-stats.js'

export { createLogController, createLogger, flushLogs, reopenLogs } from './logging/logger.js'
export { createStoreObserver } from './logging/store-observer.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The name of the use case, as the log and `Server-Timing` give it. */
    task?: string
  }
  interface FastifyInstance {
    /** Measures and logs a task that is no request, such as a job. */
    timed: <T> (task: string, work: () => T | Promise<T>, level?: TaskLevel) => Promise<T>
  }
  interface FastifyRequest {
    /** The code that this request was answered with, where it failed; whoever answers sets it. */
    failureCode: string | null
    timings: Timings | null
  }
}

// Timing tells whether a user exists, so only the signed-in see it.
const isSignedIn = (request: object): boolean => 'caller' in request && request.caller !== null && request.caller !== undefined

const all = <T>(hooks: T | T[] | undefined): T[] => hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks]

// Whether a line is wanted is known once, so that it isn't even put together where it is not.
const isLogged = (app: FastifyInstance, level: 'debug' | 'info'): boolean =>
  ['trace', 'debug', 'info'].slice(0, level === 'debug' ? 2 : 3).includes(app.log.level)

function logFailure ({ log, failureCode }: FastifyRequest, statusCode: number, task: string, ms: number): void {
  const line = failedLine(task, ms, failureCode ?? `http_${statusCode}`)
  if (statusCode < 500) log.warn(line)
  else log.error(line)
}

/** Times every route that names its task: a line in the log, the statistics, and `Server-Timing`. Routes
 *  without a task pay nothing. */
export default fp(async (app) => {
  app.decorate('timed', (task, work, level) => timed(app.log, task, work, level))
  app.decorateRequest('failureCode', null)
  app.decorateRequest('timings', null)

  const successLogged = isLogged(app, 'info')
  // Inner steps are told where they are logged: to follow a request through its awaits slows it down.
  const stepsTold = isLogged(app, 'debug')

  app.addHook('onRoute', (route: RouteOptions) => {
    const task = route.config?.task
    if (task === undefined) return
    if (stepsTold) {
      route.preHandler = [(request, _reply, done) => {
        request.timings = new Map()
        collectSteps(request.timings, done)
      }, ...all(route.preHandler)]
    }
    route.onError = [(request, _reply, err, done) => { request.failureCode = failureCode(err); done() }, ...all(route.onError)]
    route.onSend = [...all(route.onSend), (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (err: null, payload: unknown) => void) => {
      const { elapsedTime: ms, statusCode } = reply
      if (isSignedIn(request)) reply.header('server-timing', serverTiming(task, ms, request.timings))
      taskStats.record(task, ms, statusCode < 400)
      if (statusCode >= 400) logFailure(request, statusCode, task, ms)
      else if (successLogged) request.log.info(endedLine(task, ms))
      done(null, payload)
    }]
  })

  app.addHook('onReady', async () => { app.log.info('Aplicación Fastify inicializada correctamente') })
}, { name: 'logging' })
