import t from 'tap'
import { createPresence, type Status } from '../../../domain/realtime/presence.js'
import { createFakeClock } from './fake-clock.js'

function setUp () {
  const clock = createFakeClock()
  const statuses = new Map<string, Status>([['ana', 'online']])
  const friends = new Set(['ana', 'bea'])
  const told: string[] = []
  const presence = createPresence<{ userId: string }>(clock, 5000, {
    status: (userId) => statuses.get(userId) ?? 'offline',
    share: (one, other) => friends.has(one) && friends.has(other)
  }, (watcher, userId, status) => told.push(`${watcher.userId}: ${userId} ${status}`))
  const set = (userId: string, status: Status) => {
    statuses.set(userId, status)
    presence.changed(userId)
  }
  return { clock, presence, told, set, friends, bea: { userId: 'bea' } }
}

t.test('answers how those are who were asked for', async (t) => {
  const { presence, bea } = setUp()
  t.same(presence.watch(bea, ['ana', 'ana', 'eve']), [{ user: 'ana', status: 'online' }, { user: 'eve', status: 'offline' }])
})

t.test('whoever shares no conversation looks offline, now and later', async (t) => {
  const { presence, told, set, clock } = setUp()
  const eve = { userId: 'eve' }
  t.same(presence.watch(eve, ['ana']), [{ user: 'ana', status: 'offline' }])
  set('ana', 'away')
  clock.advance(60_000)
  t.same(told, [])
})

t.test('many changes are merged: one at once, then one in five seconds', async (t) => {
  const { presence, told, set, clock, bea } = setUp()
  presence.watch(bea, ['ana'])
  set('ana', 'away')
  t.same(told, ['bea: ana away'])
  set('ana', 'online')
  set('ana', 'away')
  set('ana', 'offline')
  clock.advance(4999)
  t.equal(told.length, 1)
  clock.advance(1)
  t.same(told, ['bea: ana away', 'bea: ana offline'])
})

t.test('a change that nobody can see does not hold up the next one', async (t) => {
  const { presence, told, set, bea } = setUp()
  presence.watch(bea, ['ana'])
  presence.changed('ana')
  set('ana', 'away')
  t.same(told, ['bea: ana away'])
})

t.test('a change that was taken back is not told at all', async (t) => {
  const { presence, told, set, clock, bea } = setUp()
  presence.watch(bea, ['ana'])
  set('ana', 'away')
  set('ana', 'online')
  set('ana', 'away')
  clock.advance(20_000)
  t.equal(told.length, 1)
})

t.test('whoever shares no conversation any more is shown to have gone', async (t) => {
  const { presence, told, friends, bea } = setUp()
  presence.watch(bea, ['ana'])
  friends.delete('bea')
  presence.recheck(bea)
  t.same(told, ['bea: ana offline'])
})

t.test('a new list replaces the old one, and a socket that went is forgotten', async (t) => {
  const { presence, told, set, clock, bea } = setUp()
  presence.watch(bea, ['ana'])
  presence.watch(bea, ['eve'])
  set('ana', 'away')
  presence.watch(bea, ['ana'])
  presence.forget(bea)
  set('ana', 'online')
  clock.advance(20_000)
  t.same(told, [])
  t.equal(clock.pending(), 0)
})
