import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startWriter } from './child.js'
import { makeHome, openStore, watcher } from './helper.js'

const ROUNDS = 8
const WRITERS = 32

t.test('kill -9 at random moments under load: nothing acknowledged is lost, doubled or out of order', async (t) => {
  const home = makeHome(t)
  const acknowledged = new Map<number, string>()
  for (let round = 0; round < ROUNDS; round++) {
    const child = startWriter(t, home, WRITERS)
    await child.says('open')
    await sleep(20 + Math.random() * 500)
    await child.kill('SIGKILL')
    for (const line of child.lines.slice(1)) {
      const [number = '', name = ''] = line.split(' ')
      if (acknowledged.has(Number(number))) t.fail(`${number} was given twice`)
      acknowledged.set(Number(number), name)
    }
  }
  t.ok(acknowledged.size > ROUNDS, `${acknowledged.size} acknowledged`)

  const { observer, codes } = watcher()
  const started = performance.now()
  const store = await openStore(t, home, { observer })
  t.ok(performance.now() - started < 5000, `open after ${Math.round(performance.now() - started)} ms`)
  const counter = (await store.get(['counter']))?.value ?? 0
  const names = new Set<unknown>()
  let number = 0
  for await (const { key, entry } of store.scan({ prefix: ['log'] })) {
    if (key[1] !== ++number) t.fail(`${String(key[1])} in the place of ${number}`)
    if (entry.personal !== entry.value) t.fail(`${number}: another personal part`)
    const told = acknowledged.get(number)
    if (told !== undefined && told !== entry.value) t.fail(`${number}: ${String(entry.value)}, acknowledged as ${told}`)
    acknowledged.delete(number)
    names.add(entry.value)
  }
  t.equal(number, counter, 'dense to the end')
  t.equal(names.size, number, 'nothing twice')
  t.equal(acknowledged.size, 0, 'nothing lost')
  t.notOk(codes().includes('foreign_file'), 'nothing is left over')
  await store.close()
})
