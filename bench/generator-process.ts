import { fanOut } from './fan-out.js'
import { load } from './load.js'
import type { FromGenerator, Job } from './messages.js'

/** The process that asks: one job at a time, as the runner tells it. */
const say = (message: FromGenerator): void => { process.send?.(message) }
const started = (): void => say({ type: 'started' })

process.on('message', (job: Job) => {
  const result = job.type === 'load' ? load(job, started) : fanOut(job, started)
  result.then((result) => say({ type: 'done', result }), (err: unknown) => {
    process.stderr.write(`${String(err)}\n`)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit())
say({ type: 'up' })
