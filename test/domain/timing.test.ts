import t from 'tap'
import { AppError } from '../../domain/errors.js'
import { bucketBoundsSeconds, createTaskStats, taskStats } from '../../domain/system/task-stats.js'
import { collectSteps, failureCode, recordStep, serverTiming, type TaskLog, timed, type Timings } from '../../domain/timing.js'
import { StoreError } from '../../storage/index.js'

function listeningLog (levels = ['debug', 'info', 'warn', 'error']) {
  const lines: string[] = []
  const hear = (level: string) => (text: string) => { lines.push(`${level}: ${text}`) }
  const log: TaskLog = {
    isLevelEnabled: (level) => levels.includes(level),
    debug: hear('debug'),
    info: hear('info'),
    warn: hear('warn'),
    error: (fields, text) => { lines.push(`error: ${text} ${Object.keys(fields)}`) }
  }
  return { log, lines }
}

const summaryOf = (task: string) => taskStats.read().find((summary) => summary.task === task)

t.test('a task that ends well is logged with its time, and gives its result', async (t) => {
  const { log, lines } = listeningLog()
  t.equal(await timed(log, 'read_user_data', async () => 42), 42)
  t.equal(await timed(log, 'decrypt', () => 43, 'debug'), 43)
  t.match(lines, [/^info: Tarea 'read_user_data' ejecutada en 0\.\d{3}s$/, /^debug: Tarea 'decrypt' ejecutada en 0\.\d{3}s$/])
})

t.test('the time is that of the work', async (t) => {
  const { log, lines } = listeningLog()
  await timed(log, 'wait', () => new Promise((resolve) => setTimeout(resolve, 60)))
  const seconds = /en (\d\.\d{3})s/.exec(lines[0] ?? '')?.[1] ?? ''
  t.ok(Number(seconds) >= 0.059 && Number(seconds) < 2, seconds)
})

t.test('a failure is logged by its code and thrown on', async (t) => {
  const cases = [
    { err: new AppError('conversation_not_found'), level: 'info', line: /^warn: Tarea 'x' falló tras \d\.\d{3}s: conversation_not_found$/ },
    { err: new AppError('internal'), level: 'info', line: /^error: .*: internal err$/ },
    { err: new StoreError('store_full'), level: 'info', line: /^error: .*: store_full err$/ },
    { err: new Error('a secret'), level: 'info', line: /^error: .*: internal err$/ },
    { err: new Error('a secret'), level: 'debug', line: /^debug: .*: internal$/ }
  ] as const
  for (const { err, level, line } of cases) {
    const { log, lines } = listeningLog()
    await t.rejects(timed(log, 'x', () => { throw err }, level), err)
    t.match(lines, [line])
    t.notMatch(lines[0], /secret/)
  }
})

t.test('no line is written below the level of the log, but all is counted', async (t) => {
  const { log, lines } = listeningLog(['warn', 'error'])
  await timed(log, 'counted', () => {})
  await timed(log, 'counted', () => {}, 'debug')
  await t.rejects(timed(log, 'counted', () => { throw new AppError('forbidden') }))
  t.equal(lines.length, 1)
  t.match(summaryOf('counted'), { count: 3, failures: 1 })
})

t.test('steps within a request are collected for it, however deep, and for no other', async (t) => {
  const { log } = listeningLog()
  const request = async (timings: Timings, step: string) => collectSteps(timings, async () => {
    await timed(log, step, async () => {
      await new Promise(setImmediate)
      recordStep('decrypt', 1.5, true)
      recordStep('decrypt', 2, true)
    }, 'debug')
  })
  const one: Timings = new Map()
  const two: Timings = new Map()
  await Promise.all([request(one, 'read'), request(two, 'write')])
  recordStep('outside', 1, true)
  t.strictSame([[...one.keys()], [...two.keys()]], [['decrypt', 'read'], ['decrypt', 'write']])
  t.equal(one.get('decrypt'), 3.5)
})

t.test('a request does not collect more names than a header should have', async (t) => {
  const timings: Timings = new Map()
  collectSteps(timings, () => { for (let i = 0; i < 100; i++) recordStep(`step_${i % 20}`, 1, true) })
  t.equal(timings.size, 16)
  t.equal(timings.get('step_0'), 5)
})

t.test('Server-Timing names the task and its steps in milliseconds', async (t) => {
  t.equal(serverTiming('send_message', 52.04), 'send_message;dur=52.0')
  t.equal(serverTiming('send_message', 52, new Map([['read', 1.26], ['write', 40]])), 'send_message;dur=52.0, read;dur=1.3, write;dur=40.0')
})

t.test('codes of other people pass only where they are no text of a user', async (t) => {
  const coded = (code: unknown) => Object.assign(new Error('m'), { code })
  t.equal(failureCode(new AppError('name_taken')), 'name_taken')
  t.equal(failureCode(new StoreError('key_wrong')), 'key_wrong')
  t.equal(failureCode(coded('ENOSPC')), 'ENOSPC')
  t.equal(failureCode(coded('FST_ERR_VALIDATION')), 'FST_ERR_VALIDATION')
  for (const err of [coded('hunter2'), coded('A'.repeat(70)), coded(7), 'text', null, undefined]) t.equal(failureCode(err), 'internal')
})

t.test('statistics count runs, failures, seconds and how many were how fast', async (t) => {
  const stats = createTaskStats()
  stats.record('send', 0.5, true)
  stats.record('send', 1, false)
  stats.record('send', 30, true)
  stats.record('send', 60_000, true)
  const [summary] = stats.read()
  t.match(summary, { task: 'send', count: 4, failures: 1, sumSeconds: 60.0315 })
  const upTo = (bound: number) => summary?.buckets[bucketBoundsSeconds.findIndex((known) => known === bound)]
  t.strictSame([upTo(0.001), upTo(0.025), upTo(0.05), upTo(10)], [2, 2, 3, 3])
})

t.test('statistics stay bounded, whatever names come', async (t) => {
  const stats = createTaskStats()
  for (let i = 0; i < 1000; i++) stats.record(`task_${i}`, 1, true)
  t.equal(stats.read().length, 201)
  t.match(stats.read().find(({ task }) => task === 'other'), { count: 800 })
})
