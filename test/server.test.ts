import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const server = fileURLToPath(new URL('../server.js', import.meta.url))

/** A server process in a directory of its own, with some variables over the environment of the test. */
function run (cwd: string, variables: Record<string, string> = {}) {
  const given = { PORT: '0', LOG_FORMAT: 'seed', ...variables }
  const child = spawn('env', [...Object.entries(given).map(([name, value]) => `${name}=${value}`), process.execPath, server], { cwd })
  const exited = once(child, 'exit')
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text })

  return {
    child,
    output: () => out,
    ended: async () => ({ code: (await exited)[0], signal: (await exited)[1], out, err }),
    /** The address that it listens on, once it does. */
    listening: async () => {
      for (;;) {
        const [, address] = /Escuchando en (http\S+)/.exec(out) ?? []
        if (address !== undefined) return address
        if (child.exitCode !== null) throw new Error(`the server ended: ${err}`)
        await Promise.race([once(child.stdout, 'data'), exited])
      }
    }
  }
}

t.test('starts, serves, and ends when it is told to', async (t) => {
  const cwd = t.testdir()
  const first = run(cwd)
  const address = await first.listening()
  t.match(first.output(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - INFO - \[app_logger\] - Aplicación Fastify inicializada correctamente$/m)
  t.equal((await fetch(`${address}/health/ready`)).status, 200)

  await t.test('while a second one on the same store is refused', async (t) => {
    const { code, err } = await run(cwd).ended()
    t.equal(code, 75)
    t.match(err, /otro proceso sirve este almacén \(another process serves this store\)/)
  })

  await t.test('and one on the same port, too', async (t) => {
    const { code, err } = await run(t.testdir(), { PORT: new URL(address).port }).ended()
    t.equal(code, 69)
    t.match(err, /No se puede escuchar en 127\.0\.0\.1:\d+ \(cannot listen there\): EADDRINUSE/)
  })

  first.child.kill('SIGTERM')
  t.match(await first.ended(), { code: 0, out: /Cerrando el servidor \(SIGTERM\)[^]*Servidor cerrado/, err: '' })
})

t.test('a log that was moved away begins anew at SIGHUP', async (t) => {
  const cwd = t.testdir()
  const server = run(cwd)
  await server.listening()
  renameSync(`${cwd}/logs/app.log`, `${cwd}/logs/app.log.1`)
  server.child.kill('SIGHUP')
  while (!existsSync(`${cwd}/logs/app.log`)) await sleep(10)
  server.child.kill('SIGTERM')
  t.match(await server.ended(), { code: 0, err: '' })
  t.match(readFileSync(`${cwd}/logs/app.log.1`, 'utf8'), /Escuchando en/)
  t.match(readFileSync(`${cwd}/logs/app.log`, 'utf8'), /^[^\n]*Cerrando el servidor \(SIGTERM\)\n[^\n]*Servidor cerrado\n$/)
})

t.test('a configuration with faults ends with all of them', async (t) => {
  const { code, err } = await run(t.testdir(), { PORT: 'x', LOG_LEVEL: 'loud' }).ended()
  t.equal(code, 78)
  t.match(err, /PORT[^]*LOG_LEVEL/)
})

t.test('in production no store is made by the way', async (t) => {
  const { code, err, out } = await run(t.testdir(), { NODE_ENV: 'production' }).ended()
  t.equal(code, 66)
  t.match(err, /aquí no hay ningún almacén \(no store is here\)/)
  t.match(out, /CRITICAL - \[app_logger\] - NEXU no puede servir su almacén: .*; .*nexu init/)
})
