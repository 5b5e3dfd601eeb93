import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createCheckedClient } from './http-client.js'
import { makeGroup, readLog, registerMany } from './people.js'
import { type Acknowledged, sendOverHttp } from './senders.js'
import { makeHome, start } from './server-process.js'

const plan = { senders: 256, people: 16, each: 4 }

// At DEBUG every group that reaches the disk leaves one such line.
const groupsWritten = (log: string): number => readFileSync(log, 'utf8').match(/Tarea 'write' ejecutada/g)?.length ?? 0

t.test('a crowd in one conversation: dense numbers, no conflicts, and far fewer syncs than messages', async (t) => {
  const home = await makeHome(t, { LOG_LEVEL: 'DEBUG' })
  const log = join(home.directory, 'logs/app.log')
  const server = await start(t, home)
  const client = await createCheckedClient(server.address)
  const people = await registerMany(client, 'gente', plan.people)
  const conversation = await makeGroup(client, people)
  const before = await settled(log)

  const acknowledged: Acknowledged[][] = []
  const answers: string[] = []
  await Promise.all(Array.from({ length: plan.senders }, async (_, i) => {
    const mine: Acknowledged[] = []
    acknowledged.push(mine)
    const send = sendOverHttp(client, people[i % people.length]!, conversation)
    for (let number = 1; number <= plan.each; number++) {
      const outcome = await send({ clientId: `${i}.${number}`, text: `${i} dice ${number}` })
      if ('seq' in outcome) mine.push(outcome)
      else answers.push(outcome.refused)
    }
  }))
  const groups = await settled(log) - before
  const messages = plan.senders * plan.each

  t.same(answers, [], 'each one was stored at the first try')
  t.same(acknowledged.flat().map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: messages }, (_, i) => plan.people + 1 + i), 'dense')
  t.ok(acknowledged.every((mine) => mine.every(({ seq }, i) => seq > (mine[i - 1]?.seq ?? 0))), 'in the order of each sender')
  const entries = await readLog(client, people[0]!, conversation)
  t.same(entries.map(({ seq }) => seq), Array.from({ length: messages + plan.people }, (_, i) => i + 1))
  t.ok(groups * 4 < messages, `${groups} groups for ${messages} messages`)
  t.same(client.contract.faults(), [])
  t.comment(`${messages} messages of ${plan.senders} senders at once in ${groups} groups`)
  t.equal((await server.end()).code, 0)
})

/** The count once what was logged has reached the file. */
async function settled (log: string): Promise<number> {
  for (let count = -1; ;) {
    const next = groupsWritten(log)
    if (next === count) return count
    count = next
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}
