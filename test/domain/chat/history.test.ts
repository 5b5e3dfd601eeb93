import t from 'tap'
import { chatLimits } from '../../../domain/chat/limits.js'
import { build, type House, pair, text } from './setup.js'

/** So many messages, with edits and deletions among them. Their texts are their ordinals. */
async function talk (house: House, count: number) {
  const found = await pair(house)
  const { id, owner } = found
  for (let i = 1; i <= count; i++) {
    const { message } = await house.chat.say(owner, id, text(i % 3 === 0 ? 'x' : `${i}`))
    if (i % 3 === 0) await house.chat.edit(owner, id, message.id, { text: `${i}` })
  }
  return found
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

t.test('history', async (t) => {
  t.test('begins with the newest page and goes back to the first message', async (t) => {
    const house = await build(t)
    const { id, member } = await talk(house, 25)
    const read: number[][] = []
    let cursor: string | null | undefined
    do {
      const page = await house.chat.history(member, id, { limit: 10, ...cursor ? { cursor } : {} })
      t.same(page.items.map(({ text }) => Number(text)), page.items.map(({ ordinal }) => ordinal))
      read.unshift(page.items.map(({ ordinal }) => ordinal))
      cursor = page.next
    } while (cursor !== null)
    t.same(read, [numbers(1, 5), numbers(6, 15), numbers(16, 25)])
  })

  t.test('goes on from a place in either direction', async (t) => {
    const house = await build(t)
    const { id, member } = await talk(house, 25)
    const all = (await house.chat.history(member, id, { limit: 100 })).items
    const seq = all[9]?.seq ?? 0
    t.same((await house.chat.history(member, id, { limit: 3, before: seq })).items, all.slice(6, 9))
    t.same((await house.chat.history(member, id, { limit: 3, after: seq })).items, all.slice(10, 13))
    t.same((await house.chat.history(member, id, { limit: 4, around: seq })).items, all.slice(8, 12))
    t.same((await house.chat.history(member, id, { limit: 1, around: seq })).items, all.slice(9, 10))

    const read: unknown[] = []
    let page = await house.chat.history(member, id, { limit: 4, after: 0 })
    for (read.push(...page.items); page.next !== null; read.push(...page.items)) {
      page = await house.chat.history(member, id, { limit: 4, cursor: page.next })
    }
    t.same(read, all)
    const end = await house.chat.history(member, id, { limit: 4, after: all.at(-1)?.seq ?? 0 })
    t.same(end, { items: [], next: null })
  })

  t.test('a page stays bounded where thousands of entries are no messages', async (t) => {
    const before = chatLimits.historyRowsScanned
    t.teardown(() => { chatLimits.historyRowsScanned = before })
    chatLimits.historyRowsScanned = 5
    const house = await build(t)
    const { id, owner } = await pair(house)
    const { message } = await house.chat.say(owner, id, text('primero'))
    for (let i = 0; i < 12; i++) await house.chat.edit(owner, id, message.id, { text: `${i}` })
    let page = await house.chat.history(owner, id, { limit: 10 })
    let pages = 1
    for (; page.next !== null; pages++) {
      t.same(page.items, [])
      page = await house.chat.history(owner, id, { limit: 10, cursor: page.next })
    }
    t.equal(pages, 3)
    t.match(page.items, [{ text: '11' }])
  })

  t.test('one place at a time', async (t) => {
    const house = await build(t)
    const { id, owner } = await pair(house)
    await t.rejects(house.chat.history(owner, id, { limit: 5, before: 3, after: 1 }), { code: 'validation_failed' })
    await t.rejects(house.chat.history(owner, id, { limit: 5, cursor: '!' }), { code: 'cursor_invalid' })
    await t.rejects(house.chat.history(house.someone(), id, { limit: 5 }), { code: 'conversation_not_found' })
  })
})

t.test('events', async (t) => {
  t.test('every entry in order, with the message as it is now', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await talk(house, 6)
    const read: { seq: number, type: string }[] = []
    let page = await house.chat.events(member, id, { limit: 3, after: 0 })
    for (read.push(...page.items); page.next !== null; read.push(...page.items)) {
      page = await house.chat.events(member, id, { limit: 3, cursor: page.next })
    }
    t.same(read.map(({ seq }) => seq), numbers(1, 10))
    t.same(read.map(({ type }) => type), [
      'member.joined', 'member.joined', 'message.created', 'message.created', 'message.created', 'message.edited',
      'message.created', 'message.created', 'message.created', 'message.edited'
    ])
    t.match(read[4], { type: 'message.created', data: { text: '3' } })
    await house.chat.change(owner, id, { name: 'Otro' })
    t.match(await house.chat.events(member, id, { limit: 5, after: 10 }), { items: [{ seq: 11, type: 'conversation.changed', data: { name: 'Otro' } }], next: null })
  })

  t.test('they are the very events that were told when they happened', async (t) => {
    const house = await build(t)
    const { id, owner, member } = await pair(house)
    await house.chat.say(owner, id, text('hola'))
    await house.chat.changeMember(owner, id, member.userId, { role: 'admin' })
    const told = house.told.filter(({ to }) => 'conversation' in to).map(({ event }) => event)
    t.same((await house.chat.events(member, id, { limit: 50 })).items, told)
  })
})
