import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Caller } from '../../../domain/caller.js'
import { AppError } from '../../../domain/errors.js'
import { build, collect, type House, text } from './setup.js'

/** A conversation as simple as can be, to compare the real one with. */
interface Model {
  log: { type: string, by: number, ref?: number, text?: string, deleted?: boolean }[]
  members: Map<number, { role: 'owner' | 'admin' | 'member', read: number }>
}

type Step =
  | { does: 'say', who: number, clientId: number }
  | { does: 'edit' | 'remove' | 'read', who: number, seq: number }
  | { does: 'join' | 'leave', who: number }
  | { does: 'add' | 'expel' | 'raise', who: number, whom: number }

const PEOPLE = 4
const who = fc.nat({ max: PEOPLE - 1 })
const seq = fc.integer({ min: 1, max: 25 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('say' as const), who, clientId: fc.nat({ max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('edit' as const, 'remove' as const, 'read' as const), who, seq }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('join' as const, 'leave' as const), who }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('add' as const, 'expel' as const, 'raise' as const), who, whom: who }) }
)

const owners = ({ members }: Model) => [...members.values()].filter(({ role }) => role === 'owner').length
const leads = (by: string | undefined, led: string) => by === 'owner' || (by === 'admin' && led === 'member')
const ordinalAt = ({ log }: Model, seq: number) => log.slice(0, seq).filter(({ type }) => type === 'message.created').length

/** What ought to happen: true where the step is allowed, and the model is then changed. */
function expect (model: Model, step: Step, sent: Map<string, number>): boolean {
  const { log, members } = model
  const me = members.get(step.who)
  const append = (type: string, more: object = {}) => log.push({ type, by: step.who, ...more })
  switch (step.does) {
    case 'say': {
      if (!me) return false
      const key = `${step.who}/${step.clientId}`
      if (sent.has(key)) return true
      sent.set(key, append('message.created', { text: key }))
      me.read = log.length
      return true
    }
    case 'edit': {
      const message = log[step.seq - 1]
      if (!me || message?.type !== 'message.created' || message.by !== step.who || message.deleted) return false
      if (message.text === 'edited') return true
      message.text = 'edited'
      append('message.edited', { ref: step.seq })
      return true
    }
    case 'remove': {
      const message = log[step.seq - 1]
      if (!me || message?.type !== 'message.created' || (message.by !== step.who && me.role === 'member')) return false
      if (!message.deleted) append('message.deleted', { ref: step.seq })
      message.deleted = true
      message.text = ''
      return true
    }
    case 'read': {
      if (!me) return false
      me.read = Math.max(me.read, Math.min(step.seq, log.length))
      return true
    }
    case 'join': {
      if (!me) members.set(step.who, { role: 'member', read: append('member.joined') })
      return true
    }
    case 'leave': {
      if (!me || (me.role === 'owner' && owners(model) === 1)) return false
      members.delete(step.who)
      append('member.left')
      return true
    }
    case 'add': {
      if (!me) return false
      if (members.has(step.whom)) return true
      if (!leads(me.role, 'member')) return false
      members.set(step.whom, { role: 'member', read: append('member.joined') })
      return true
    }
    case 'expel': {
      const other = members.get(step.whom)
      if (!me || !other) return false
      if (step.who !== step.whom && !leads(me.role, other.role)) return false
      if (other.role === 'owner' && owners(model) === 1) return false
      members.delete(step.whom)
      append('member.left')
      return true
    }
    case 'raise': {
      const other = members.get(step.whom)
      if (!me || !other) return false
      if (other.role === 'admin') return true
      if (!leads(me.role, other.role) || !leads(me.role, 'admin') || (other.role === 'owner' && owners(model) === 1)) return false
      other.role = 'admin'
      append('member.changed')
      return true
    }
  }
}

async function perform ({ chat }: House, id: string, people: Caller[], step: Step): Promise<unknown> {
  const [me, other] = [people[step.who], people['whom' in step ? step.whom : step.who]]
  if (!me || !other) throw new Error('nobody')
  switch (step.does) {
    case 'say': return chat.say(me, id, { ...text(`${step.who}/${step.clientId}`), clientId: `${step.clientId}` })
    case 'edit':
    case 'remove': {
      const { items } = await chat.history(me, id, { limit: 100 })
      const message = items.find(({ seq }) => seq === step.seq)?.id ?? '1-0000000000'
      return step.does === 'edit' ? chat.edit(me, id, message, { text: 'edited' }) : chat.remove(me, id, message)
    }
    case 'read': return chat.markRead(me, id, { seq: step.seq })
    case 'join': return chat.join(me, id)
    case 'leave': return chat.leave(me, id)
    case 'add': return chat.addMember(me, id, other.userId, {})
    case 'expel': return chat.removeMember(me, id, other.userId)
    case 'raise': return chat.changeMember(me, id, other.userId, { role: 'admin' })
  }
}

async function compare (t: Test, { chat, told }: House, id: string, people: Caller[], model: Model) {
  const [reader] = people
  if (!reader) return
  const events = (await chat.events(reader, id, { limit: 100 })).items
  t.same(events.map(({ seq, type }) => ({ seq, type })), model.log.map(({ type }, i) => ({ seq: i + 1, type })), 'the log is dense')
  const { items } = await chat.history(reader, id, { limit: 100 })
  const messages = model.log.flatMap((entry, i) => entry.type === 'message.created' ? [{ seq: i + 1, text: entry.text, by: entry.by }] : [])
  t.same(items.map(({ seq, ordinal, text, author }) => ({ seq, ordinal, text, author })),
    messages.map(({ seq, text, by }, i) => ({ seq, ordinal: i + 1, text, author: people[by]?.userId })), 'history is as it was said')
  for (const [who, caller] of people.entries()) {
    const seen = await chat.one(caller, id)
    const mine = model.members.get(who)
    t.equal(seen.role, mine?.role ?? null)
    t.equal(seen.unread, mine ? messages.length - ordinalAt(model, mine.read) : 0, 'unread')
    t.equal(seen.members, model.members.size)
    t.same((await chat.list(caller, { limit: 10 })).items.length, mine ? 1 : 0)
    const replay = await chat.eventsSince(caller.userId, 0)
    if (!replay.recovered) throw new Error(replay.reason)
    const sequences = (await collect(replay.events)).map(({ sequence }) => sequence)
    t.same(sequences, [...new Set(sequences)].sort((a, b) => a - b), 'at most one event of a batch for each user, in order')
  }
  const live = told.flatMap(({ to, event }) => 'conversation' in to && 'seq' in event ? [event.seq] : [])
  t.same(live, model.log.map((_, i) => i + 1), 'each entry was told once, in order')
}

t.test('any sequence of steps in a channel does what a simple model of it does', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const house = await build(t)
    const people = Array.from({ length: PEOPLE }, house.someone)
    const [ana] = people
    if (!ana) return
    const { conversation: { id } } = await house.chat.create(ana, { kind: 'channel', name: 'c' })
    const model: Model = { log: [{ type: 'member.joined', by: 0 }], members: new Map([[0, { role: 'owner', read: 1 }]]) }
    const sent = new Map<string, number>()
    for (const step of steps) {
      const allowed = expect(model, step, sent)
      const done = await perform(house, id, people, step).then(() => true, (err) => {
        if (err instanceof AppError) return false
        throw err
      })
      t.equal(done, allowed, JSON.stringify(step))
    }
    await compare(t, house, id, people, model)
  }), { numRuns: 60 })
})
