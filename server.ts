import { isatty } from 'node:tty'
import { inspect } from 'node:util'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { createApp } from './app.js'
import { type Config, ConfigError, loadConfig } from './plugins/config.js'
import { createLogger, flushLogs, reopenLogs } from './plugins/logging.js'
import { StoreError } from './storage/index.js'

/** The process: reads the configuration, makes the app, listens, and ends well when it is told to. */
const limits = { closeMs: 10_000 }

/** As in sysexits.h, where the failure itself knows no better. */
const exitCodes = { cannotListen: 69, unexpected: 70 }

const config = readConfigOrEnd()
const logger = createLogger(config)
let ending = false
const app = createApp({ config, logger, onFatal: (err) => { endWith(err) } })

// A worker that hangs in a file call would hold process.exit() for ever: SIGKILL asks nobody.
const kill = (): void => { process.kill(process.pid, 'SIGKILL') }
// At a terminal SIGHUP says that it was closed, anywhere else that app.log was moved away.
const atTerminal = [0, 1, 2].some(isatty)
if (!atTerminal) process.on('SIGHUP', reopenLogs)
closeWithGrace({
  delay: limits.closeMs,
  logger: false,
  onTimeout: kill,
  onSecondSignal: kill,
  skip: atTerminal ? ['beforeExit'] : ['beforeExit', 'SIGHUP']
}, async ({ signal, err }) => {
  ending = true
  if (err !== undefined) logger.fatal({ err }, 'Fallo inesperado: el servidor se cierra')
  else logger.info(`Cerrando el servidor (${signal ?? 'orden'})`)
  await app.close()
  logger.info('Servidor cerrado')
  await flushLogs()
})

await start(app, config).catch(endWith)

async function start (app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  await app.listen({ host: HOST, port: PORT, listenTextResolver: (address) => `Escuchando en ${address}` })
}

function readConfigOrEnd (): Config {
  try {
    return loadConfig()
  } catch (err) {
    if (!(err instanceof ConfigError)) throw err
    process.stderr.write(`${err.message}\n`)
    process.exit(err.exitCode)
  }
}

/** Says why the server can't start or go on, closes what is open, and ends. */
async function endWith (err: unknown): Promise<void> {
  if (ending) return
  ending = true
  const { message, exitCode } = explain(err)
  const isExpected = exitCode !== exitCodes.unexpected
  logger.fatal(isExpected ? {} : { err }, message.replace(/\n\s*/g, '; '))
  process.stderr.write(`${message}\n${isExpected ? '' : `${inspect(err)}\n`}`)
  setTimeout(kill, limits.closeMs).unref()
  await app.close().catch(() => {})
  await flushLogs()
  process.exit(exitCode)
}

function explain (err: unknown): { message: string, exitCode: number } {
  if (err instanceof StoreError) return { message: `NEXU no puede servir su almacén: ${err.explanation}`, exitCode: err.exitCode }
  if (err instanceof Error && 'code' in err && 'syscall' in err && err.syscall === 'listen') {
    return { message: `No se puede escuchar en ${config.HOST}:${config.PORT} (cannot listen there): ${String(err.code)}`, exitCode: exitCodes.cannotListen }
  }
  return { message: 'NEXU no puede arrancar (cannot start)', exitCode: exitCodes.unexpected }
}
