import fc from 'fast-check'
import t from 'tap'
import { createOutbox } from '../../../domain/realtime/outbox.js'
import { createFakeWire, turn } from './fake-wire.js'

const bounds = { outboxBytesMax: 1000, outboxFramesMax: 20, wireBytesMax: 100 }
const frame = (text: string) => Buffer.from(text)

function setUp () {
  const wire = createFakeWire()
  let full = 0
  const outbox = createOutbox(wire.socket, bounds, () => { full++ })
  return { wire, outbox, full: () => full, sent: () => wire.frames.map(String) }
}

t.test('hands on at once what the kernel takes, however much it is', async (t) => {
  const { outbox, full, sent } = setUp()
  for (let i = 0; i < 500; i++) outbox.push(frame(`frame ${i}`))
  t.equal(sent().length, 500)
  t.equal(full(), 0)
  t.equal(outbox.isBusy(), false)
})

t.test('keeps the order when the kernel takes it in pieces', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 200 }), async (takes) => {
    const { wire, outbox, sent } = setUp()
    wire.block()
    for (let i = 0; i < 18; i++) outbox.push(frame(`frame ${i}`))
    for (const bytes of takes) {
      wire.take(bytes)
      await turn()
    }
    wire.take()
    await turn()
    return sent().join() === Array.from({ length: 18 }, (_, i) => `frame ${i}`).join()
  }), { numRuns: 20 })
})

t.test('is full when the bytes that wait reach the bound, those on the wire included', async (t) => {
  const { wire, outbox, full } = setUp()
  wire.block()
  outbox.push(Buffer.alloc(600))
  outbox.push(Buffer.alloc(399))
  t.equal(full(), 0)
  outbox.push(frame('one more'))
  t.equal(full(), 1)
  outbox.push(frame('and more'))
  t.equal(full(), 1, 'says so once')
  wire.take()
  await turn()
  t.equal(wire.frames.length, 1, 'what had not been handed on is forgotten')
})

t.test('is full when the frames that wait reach the bound', async (t) => {
  const { wire, outbox, full } = setUp()
  for (let i = 0; i < 500; i++) outbox.push(frame('taken'))
  wire.block()
  for (let i = 0; i < 20; i++) outbox.push(frame(`${i}`))
  t.equal(full(), 0)
  outbox.push(frame('one more'))
  t.equal(full(), 1)
})

t.test('a single large frame may overshoot the bound', async (t) => {
  const { wire, outbox, full, sent } = setUp()
  wire.block()
  outbox.push(Buffer.alloc(5000))
  t.equal(full(), 0)
  wire.take()
  await turn()
  outbox.push(frame('after'))
  t.equal(full(), 0)
  t.equal(sent().at(-1), 'after')
})

t.test('beyond half, a signal replaces the one of its name and is dropped otherwise', async (t) => {
  const { wire, outbox, sent } = setUp()
  wire.block()
  outbox.push(Buffer.alloc(300))
  outbox.push(frame('ana is typing'), 'typing:ana')
  outbox.push(Buffer.alloc(300))
  outbox.push(frame('ana has stopped'), 'typing:ana')
  outbox.push(frame('bea is typing'), 'typing:bea')
  outbox.push(frame('a message'))
  wire.take()
  await turn()
  t.same(sent().filter((text) => text.length < 100), ['ana has stopped', 'a message'])
})

t.test('drained waits for the kernel, and ends with the outbox', async (t) => {
  const { wire, outbox } = setUp()
  await outbox.drained()
  wire.block()
  for (let i = 0; i < 4; i++) outbox.push(Buffer.alloc(90))
  let drained = false
  const waiting = outbox.drained().then(() => { drained = true })
  await turn()
  t.equal(drained, false)
  wire.take()
  await waiting
  wire.block()
  for (let i = 0; i < 4; i++) outbox.push(Buffer.alloc(90))
  const closing = outbox.drained()
  outbox.close()
  await closing
})
