import { setTimeout as sleep } from 'node:timers/promises'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Message, MessagePage } from '../domain/chat/schema.js'
import { Health } from '../domain/system/schema.js'
import { Me } from '../domain/users/schema.js'
import { openConnection } from './http.js'
import type { CheckName, LoadJob, Result } from './messages.js'
import { createTally } from './tally.js'

const limits = { pageItems: 50, lastAnswersMs: 5_000 }
/** One answer in so many is read and checked; of the others only the status is looked at. */
const CHECKED_EVERY = 32

const health = TypeCompiler.Compile(Health)
const me = TypeCompiler.Compile(Me)
const message = TypeCompiler.Compile(Message)
const page = TypeCompiler.Compile(MessagePage)

const checks: Record<CheckName, (body: unknown) => boolean> = {
  health: (body) => health.Check(body) && body.status === 'ok',
  me: (body) => me.Check(body),
  sent: (body) => message.Check(body),
  page: (body) => page.Check(body) && body.items.length === limits.pageItems && body.items.every(({ seq }, i, all) => i === 0 || seq > (all[i - 1]?.seq ?? 0))
}

/** Closed loops: every connection asks, waits for the answer and asks again. `onStart` is called once all
 *  are connected. */
export async function load (job: LoadJob, onStart: () => void): Promise<Result> {
  const requests = job.requests.map((text) => Buffer.from(text))
  const tally = createTally()
  let until = 0
  let answers = 0
  const starts = await Promise.all(Array.from({ length: job.connections }, (_, index) => open(index)))
  onStart()
  tally.begin()
  until = performance.now() + job.durationMs
  for (const { start } of starts) start()
  const ended = Promise.all(starts.map(({ ended }) => ended))
  await Promise.race([ended, sleep(job.durationMs + limits.lastAnswersMs, null, { ref: false })])
  for (const { close } of starts) close()
  return tally.result()

  async function open (index: number) {
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => { end = resolve })
    let next = index
    let asked = 0
    let closing = false
    const socket = await openConnection(job.port, answered, (reason) => {
      if (!closing) tally.wrong(reason)
      end()
    })

    function ask (): void {
      asked = performance.now()
      socket.write(requests[next++ % requests.length] ?? '')
    }

    function answered (status: number, body: Buffer): void {
      const now = performance.now()
      tally.waited(now - asked)
      if (status !== job.status) tally.wrong(`${status} ${body.toString().slice(0, 200)}`)
      else if (answers++ % CHECKED_EVERY === 0 && !checks[job.check](JSON.parse(body.toString()))) tally.wrong(`not what was asked for: ${body.toString().slice(0, 200)}`)
      else tally.right()
      if (now < until) ask()
      else end()
    }

    return {
      ended,
      start: ask,
      close (): void {
        closing = true
        socket.destroy()
      }
    }
  }
}
