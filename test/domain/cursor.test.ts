import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import t from 'tap'
import { decodeCursor, decodePosition, encodeCursor, encodePosition } from '../../domain/cursor.js'

const Place = Type.Object({ after: Type.Integer() })

t.test('a cursor comes back as what went in', async (t) => {
  fc.assert(fc.property(fc.integer(), (after) => decodeCursor(Place, encodeCursor({ after })).after === after))
  t.same(decodeCursor(Place, encodeCursor({ after: 7 })), { after: 7 })
})

t.test('a position comes back as what went in', async (t) => {
  fc.assert(fc.property(fc.uuid(), fc.nat(), (historyId, sequence) => {
    const position = decodePosition(encodePosition(historyId, sequence))
    return position.historyId === historyId && position.sequence === sequence
  }))
  t.same(decodePosition(encodePosition('h', 0)), { historyId: 'h', sequence: 0 })
})

t.test('any text that we did not write is refused by its code', async (t) => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      decodeCursor(Place, text)
    } catch (err) {
      return err instanceof Error && 'code' in err && err.code === 'cursor_invalid'
    }
    return false
  }))
  const bad = [
    '', '*', 'AAA', `${encodePosition('h', 1)}=`, ` ${encodePosition('h', 1)}`, encodePosition('', 1), encodePosition('h', -1),
    encodePosition('h', 1.5), Buffer.from('h:01').toString('base64url'), Buffer.from('h').toString('base64url'), encodeCursor('x'.repeat(2000))
  ]
  for (const text of bad) {
    t.throws(() => decodePosition(text), { code: 'cursor_invalid' }, `as a position: ${text.slice(0, 20)}`)
    t.throws(() => decodeCursor(Place, text), { code: 'cursor_invalid' }, `as a cursor: ${text.slice(0, 20)}`)
  }
})

t.test('a cursor of another list is refused', async (t) => {
  t.throws(() => decodeCursor(Place, encodeCursor({ before: 7 })), { code: 'cursor_invalid' })
  t.throws(() => decodeCursor(Place, encodeCursor({ after: '7' })), { code: 'cursor_invalid' })
})
