import t from 'tap'
import { createTyping } from '../../../domain/realtime/typing.js'
import { createFakeClock } from './fake-clock.js'

function setUp () {
  const clock = createFakeClock()
  const told: string[] = []
  const typing = createTyping(clock, { typingShownMs: 6000, typingRenewMs: 3000 }, (conversation, userId, on) => {
    told.push(`${conversation} ${userId} ${on ? 'on' : 'off'}`)
  })
  return { clock, told, typing }
}

t.test('ends by itself after six seconds', async (t) => {
  const { clock, told, typing } = setUp()
  typing.start('ana', 'room')
  clock.advance(5999)
  t.same(told, ['room ana on'])
  clock.advance(1)
  t.same(told, ['room ana on', 'room ana off'])
  t.equal(clock.pending(), 0)
})

t.test('typing on is told again only after half of that, and lasts from then', async (t) => {
  const { clock, told, typing } = setUp()
  typing.start('ana', 'room')
  clock.advance(2999)
  typing.start('ana', 'room')
  t.equal(told.length, 1)
  clock.advance(1)
  typing.start('ana', 'room')
  t.equal(told.length, 2)
  clock.advance(5999)
  t.equal(told.length, 2)
  clock.advance(1)
  t.equal(told.at(-1), 'room ana off')
})

t.test('stopping is told once, and only where there was typing', async (t) => {
  const { clock, told, typing } = setUp()
  typing.stop('ana', 'room')
  typing.start('ana', 'room')
  typing.stop('ana', 'room')
  typing.stop('ana', 'room')
  clock.advance(10_000)
  t.same(told, ['room ana on', 'room ana off'])
})

t.test('whoever goes stops typing everywhere', async (t) => {
  const { clock, told, typing } = setUp()
  typing.start('ana', 'one')
  typing.start('ana', 'two')
  typing.start('bea', 'one')
  typing.stopAll('ana')
  t.same(told.slice(3), ['one ana off', 'two ana off'])
  t.equal(clock.pending(), 1)
})
