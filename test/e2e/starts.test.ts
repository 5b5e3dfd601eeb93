import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createCheckedClient } from './http-client.js'
import { makeGroup, type Person, readLog, register } from './people.js'
import { type Ended, type Home, makeHome, nexu, refusedStart, start } from './server-process.js'
import { imageOf } from './tree.js'

const limits = { restartMsMax: 5_000, leaseTermMs: 15_000 }

/** A start that must be refused, in both languages, on both outputs, and without a trace. */
async function assertRefused (t: Test, home: Home, code: number, es: string, en: string): Promise<Ended> {
  const before = imageOf(home)
  const ended = await refusedStart(home)
  t.equal(ended.code, code)
  t.ok(ended.err.includes(`NEXU no puede servir su almacén: ${es} (${en})`), ended.err)
  t.ok(ended.out.includes('- CRITICAL - [app_logger] - NEXU no puede servir su almacén'), 'the log says it, too')
  t.same(imageOf(home), before, 'nothing on the disk has changed')
  return ended
}

/** A home with a store that somebody used, and was closed. */
async function usedHome (t: Test): Promise<{ home: Home, ana: Person, group: string, entries: number }> {
  const home = await makeHome(t)
  const server = await start(t, home)
  const client = await createCheckedClient(server.address)
  const ana = await register(client, 'ana')
  const group = await makeGroup(client, [ana])
  const entries = await say(server.address, ana, group, 'uno')
  await server.end()
  return { home, ana, group, entries }
}

async function say (address: string, { token }: Person, group: string, text: string): Promise<number> {
  const client = await createCheckedClient(address)
  const answer = await client.ask('POST', `/v1/conversations/${group}/messages`, { token, body: { text } })
  client.close()
  return answer.json<{ seq: number }>().seq
}

t.test('killed and started again on the same machine it serves at once, without waiting for its own lease', async (t) => {
  const home = await makeHome(t)
  const first = await start(t, home)
  const times: number[] = []
  let server = first
  for (let i = 0; i < 5; i++) {
    await server.end('SIGKILL')
    server = await start(t, home)
    times.push(server.readyMs)
  }
  await server.end()
  t.ok(times.every((ms) => ms < limits.restartMsMax && ms < limits.leaseTermMs), `${times.map(Math.round).join(', ')} ms`)
  t.comment(`serving ${times.map(Math.round).join(', ')} ms after the start of the process that follows a kill -9`)
})

t.test('a second process on a live store is refused, and says who holds it', async (t) => {
  const home = await makeHome(t)
  const server = await start(t, home)
  const second: Home = { ...home, env: { ...home.env, PORT: '0' } }
  // Its beats would be changes; and even an owner that stands still is one.
  process.kill(server.pid, 'SIGSTOP')
  const { err, ms } = await assertRefused(t, second, 75, 'otro proceso sirve este almacén', 'another process serves this store')
  process.kill(server.pid, 'SIGCONT')
  t.ok(err.includes(String(server.pid)) && err.includes(hostname()), err)
  t.ok(ms < limits.leaseTermMs)
  t.equal((await refusedStart(second)).code, 75, 'awake as well')
  t.equal((await fetch(`${server.address}/health/ready`)).status, 200)
  t.equal((await server.end()).code, 0)
})

t.test('each thing that is wrong with a store has its own words and its own exit code', async (t) => {
  const { home, ana, group, entries } = await usedHome(t)
  const at = (name: string): string => join(home.directory, name)

  await t.test('another key', async (t) => {
    const other: Home = { ...home, env: { ...home.env, ENCRYPTION_KEY: randomBytes(32).toString('base64') } }
    await assertRefused(t, other, 77, 'la clave no abre este almacén', 'the key does not open this store')
  })

  await t.test('no key', async (t) => {
    renameSync(at('local/nexu.key'), at('nexu.key'))
    const { err } = await assertRefused(t, home, 78, 'no se dio ninguna clave para este almacén', 'no key was given for this store')
    t.match(err, /Recupera el archivo de clave de su copia/)
    renameSync(at('nexu.key'), at('local/nexu.key'))
  })

  await t.test('a share that is not mounted: no directory, or an empty one', async (t) => {
    renameSync(at('db'), at('elsewhere'))
    const words = ['el ancla conoce un almacén, pero el directorio no tiene ninguno', 'the anchor knows a store, but the directory has none'] as const
    await assertRefused(t, home, 72, ...words)
    mkdirSync(at('db'))
    await assertRefused(t, home, 72, ...words)
    rmSync(at('db'), { recursive: true })
    renameSync(at('elsewhere'), at('db'))
  })

  await t.test('an older copy in the place of the newest state', async (t) => {
    cpSync(at('db'), at('older'), { recursive: true })
    const server = await start(t, home)
    await say(server.address, ana, group, 'dos')
    await server.end()
    renameSync(at('db'), at('newest'))
    renameSync(at('older'), at('db'))
    const { err } = await assertRefused(t, home, 67, 'el almacén es más antiguo que su ancla', 'the store is older than its anchor')
    t.match(err, /nexu open --accept-head [\da-f]{64}/)
    rmSync(at('db'), { recursive: true })
    renameSync(at('newest'), at('db'))
  })

  await t.test('and once it is put right, everything is there', async (t) => {
    const server = await start(t, home)
    const client = await createCheckedClient(server.address)
    t.equal((await readLog(client, ana, group)).length, entries + 1)
    t.same(client.contract.faults(), [])
    client.close()
    t.equal((await server.end()).code, 0)
  })
})

t.test('in production a store is made by `nexu init`, once, and by nothing else', async (t) => {
  const home = await makeHome(t, { NODE_ENV: 'production' })
  await assertRefused(t, home, 66, 'aquí no hay ningún almacén', 'no store is here')
  const made = await nexu(home, 'init')
  t.equal(made.code, 0)
  t.match(made.out, /CLAVE MAESTRA NUEVA en .*nexu\.key/)
  const before = imageOf(home)
  t.match(await nexu(home, 'init'), { code: 73, err: /aquí ya hay un almacén o un ancla \(a store or an anchor is here already\)/ })
  t.match(await nexu(home, 'init', '--if-new'), { code: 0, out: '', err: '' })
  t.same(imageOf(home), before)
  const server = await start(t, home)
  t.equal((await server.end()).code, 0)
})
