import t from 'tap'
import { createBucket } from '../../../domain/realtime/rate.js'
import { createFakeClock } from './fake-clock.js'

t.test('gives a burst at once and then so many a second', async (t) => {
  const clock = createFakeClock()
  const bucket = createBucket({ burst: 3, perSecond: 10 }, clock)
  t.same([bucket.take(), bucket.take(), bucket.take()], [0, 0, 0])
  t.equal(bucket.take(), 100, 'says how long until the next one')
  clock.advance(100)
  t.equal(bucket.take(), 0)
  t.equal(bucket.take(), 100)
})

t.test('never holds more than the burst', async (t) => {
  const clock = createFakeClock()
  const bucket = createBucket({ burst: 2, perSecond: 10 }, clock)
  clock.advance(3_600_000)
  t.same([bucket.take(), bucket.take()], [0, 0])
  t.not(bucket.take(), 0)
})

t.test('a clock that is set back takes nothing away', async (t) => {
  let now = 1000
  const bucket = createBucket({ burst: 2, perSecond: 1 }, { now: () => now })
  t.equal(bucket.take(), 0)
  now = 0
  t.equal(bucket.take(), 0)
})
