import t from 'tap'
import { createAudience } from '../../../domain/realtime/audience.js'

type Peer = ReturnType<typeof peer>
const peer = (userId: string, device = 1) => ({ userId, device })

function createPeers (conversationsOf: (userId: string) => Promise<string[]>) {
  const audience = createAudience<Peer>(conversationsOf)
  return {
    ...audience,
    async enter (peer: Peer) {
      audience.add(peer)
      await audience.enter(peer)
    }
  }
}

t.test('a socket hears of the conversations of its user', async (t) => {
  const audience = createPeers(async (userId) => userId === 'ana' ? ['one', 'two'] : ['two'])
  const [ana, bea] = [peer('ana'), peer('bea')]
  await audience.enter(ana)
  await audience.enter(bea)
  t.same([...audience.listeners('one')], [ana])
  t.same([...audience.listeners('two')], [ana, bea])
  t.equal(audience.isMember('bea', 'one'), false)
  t.equal(audience.share('ana', 'bea'), true)
  t.equal(audience.share('ana', 'eve'), false)
})

t.test('memberships that change while they are read are not overwritten', async (t) => {
  let answer: (ids: string[]) => void = () => {}
  const audience = createPeers(() => new Promise((resolve) => { answer = resolve }))
  const ana = peer('ana')
  const entering = audience.enter(ana)
  audience.joined('ana', 'new')
  audience.left('ana', 'old')
  audience.joined('ana', 'brief')
  audience.left('ana', 'brief')
  answer(['old', 'brief', 'kept'])
  await entering
  t.same(['old', 'brief', 'kept', 'new'].map((id) => audience.listeners(id).size), [0, 0, 1, 1])
})

t.test('joining and leaving count for all devices', async (t) => {
  const audience = createPeers(async () => [])
  const devices = [peer('ana', 1), peer('ana', 2)]
  for (const device of devices) await audience.enter(device)
  audience.joined('ana', 'room')
  t.equal(audience.listeners('room').size, 2)
  audience.left('ana', 'room')
  t.equal(audience.listeners('room').size, 0)
})

t.test('silence is for one device alone', async (t) => {
  const audience = createPeers(async () => ['room'])
  const [one, two] = [peer('ana', 1), peer('ana', 2)]
  await audience.enter(one)
  await audience.enter(two)
  audience.ignore(one, 'room')
  t.same([...audience.listeners('room')], [two])
  t.equal(audience.isMember('ana', 'room'), true)
})

t.test('the last one to leave takes the user along', async (t) => {
  const audience = createPeers(async () => ['room'])
  const [one, two] = [peer('ana', 1), peer('ana', 2)]
  await audience.enter(one)
  await audience.enter(two)
  t.equal(audience.leave(one), false)
  t.equal(audience.leave(two), true)
  t.equal(audience.leave(two), false)
  t.equal(audience.listeners('room').size, 0)
  t.equal(audience.isMember('ana', 'room'), false)
})

t.test('a socket that goes while its user is read never listens', async (t) => {
  let answer: (ids: string[]) => void = () => {}
  const audience = createPeers(() => new Promise((resolve) => { answer = resolve }))
  const ana = peer('ana')
  const entering = audience.enter(ana)
  audience.leave(ana)
  answer(['room'])
  await entering
  t.equal(audience.listeners('room').size, 0)
})

t.test('a failed reading is tried again by the next one who comes', async (t) => {
  let tries = 0
  const audience = createPeers(async () => {
    if (++tries === 1) throw new Error('busy')
    return ['room']
  })
  const [one, two] = [peer('ana', 1), peer('ana', 2)]
  await t.rejects(audience.enter(one))
  await audience.enter(two)
  t.same([...audience.listeners('room')], [two])
})

t.test('a conversation that is gone has no listeners and no members', async (t) => {
  const audience = createPeers(async () => ['room'])
  await audience.enter(peer('ana'))
  audience.dissolve('room')
  t.equal(audience.listeners('room').size, 0)
  t.equal(audience.isMember('ana', 'room'), false)
})
