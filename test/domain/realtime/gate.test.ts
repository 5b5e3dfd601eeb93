import t from 'tap'
import { createGate } from '../../../domain/realtime/gate.js'

const bounds = { heldFramesMax: 3, heldBytesMax: 100 }
const item = (sequence: number, text = 'x') => ({ sequence, frame: Buffer.from(text) })

function setUp () {
  const passed: (number | string)[] = []
  const gate = createGate<{ sequence: number, frame: Buffer }>(bounds, ({ sequence }) => passed.push(sequence))
  return { gate, passed, open: () => gate.open(() => passed.push('caught up')) }
}

t.test('holds what comes after the replay and lets it through in order', async (t) => {
  const { gate, passed, open } = setUp()
  gate.begin(5)
  for (const sequence of [4, 5, 6, 7]) gate.put(item(sequence))
  t.same(passed, [])
  t.equal(open(), true)
  gate.put(item(8))
  t.same(passed, ['caught up', 6, 7, 8])
})

t.test('does not open where it had to forget, and starts anew', async (t) => {
  const { gate, passed, open } = setUp()
  gate.begin(0)
  for (const sequence of [1, 2, 3, 4]) gate.put(item(sequence))
  t.equal(open(), false)
  t.same(passed, [])
  gate.begin(4)
  gate.put(item(5))
  t.equal(open(), true)
  t.same(passed, ['caught up', 5])
})

t.test('its bytes are bounded, too', async (t) => {
  const { gate, open } = setUp()
  gate.begin(0)
  gate.put(item(1, 'x'.repeat(101)))
  t.equal(open(), false)
})
