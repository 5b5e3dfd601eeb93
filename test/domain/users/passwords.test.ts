import t from 'tap'
import { createPasswords } from '../../../domain/users/passwords.js'
import { createQueue } from '../../../domain/users/queue.js'

const light = { memoryKiB: 64, passes: 1 }

t.test('a hash is argon2id of the strength that was asked for, and salted', async (t) => {
  const passwords = createPasswords()
  const [one, other] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')])
  t.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(one, other)
  t.equal(await passwords.verify(one, 'correct horse'), true)
  t.equal(await passwords.verify(one, 'correct horsf'), false)
})

t.test('accents may come composed or not', async (t) => {
  const passwords = createPasswords(light)
  t.equal(await passwords.verify(await passwords.hash('contrase\u00f1a'), 'contrasen\u0303a'), true)
  t.equal(passwords.same('contrase\u00f1a', 'contrasen\u0303a'), true)
})

t.test('for nobody the work is done all the same, and is false', async (t) => {
  const passwords = createPasswords({ ...light, atOnce: 1, waiting: 1 })
  const first = passwords.verify(null, 'correct horse')
  const second = passwords.verify(null, 'correct horse')
  // It takes its place in the queue like any other: a third finds that full.
  await t.rejects(passwords.verify(null, 'correct horse'), { code: 'login_busy', temporary: true, retryAfterMs: Number })
  t.same(await Promise.all([first, second]), [false, false])
})

t.test('tells when parameters have grown since', async (t) => {
  const hash = await createPasswords(light).hash('correct horse')
  t.equal(createPasswords(light).outdated(hash), false)
  t.equal(createPasswords({ memoryKiB: 128, passes: 1 }).outdated(hash), true)
  t.equal(createPasswords({ memoryKiB: 64, passes: 2 }).outdated(hash), true)
  t.equal(createPasswords({ memoryKiB: 32, passes: 1 }).outdated(hash), false)
  t.equal(await createPasswords({ memoryKiB: 128, passes: 2 }).verify(hash, 'correct horse'), true, 'an old hash still opens')
})

t.test('the queue', async (t) => {
  t.test('runs only so many at once, in the order they came, and hands places on after a failure', async (t) => {
    const run = createQueue({ atOnce: 2, waiting: 10, retryAfterMs: 1 })
    const started: number[] = []
    let [running, most] = [0, 0]
    const jobs = Array.from({ length: 8 }, (_, i) => run(async () => {
      started.push(i)
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      if (i % 3 === 0) throw new Error('a job failed')
    }))
    const results = await Promise.allSettled(jobs)
    t.same(started, [0, 1, 2, 3, 4, 5, 6, 7])
    t.equal(most, 2)
    t.same(results.map(({ status }) => status === 'fulfilled'), [false, true, true, false, true, true, false, true])
  })

  t.test('refuses what has no room to wait, and takes work again afterwards', async (t) => {
    const run = createQueue({ atOnce: 1, waiting: 1, retryAfterMs: 7 })
    const jobs = [run(async () => 1), run(async () => 2)]
    await t.rejects(run(async () => 3), { code: 'login_busy', retryAfterMs: 7 })
    t.same(await Promise.all(jobs), [1, 2])
    t.equal(await run(async () => 4), 4)
  })
})
