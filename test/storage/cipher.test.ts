import t from 'tap'
import { freshBytes } from '../../storage/cipher.js'

t.test('bytes from the stock are never given twice, nor changed once given', async (t) => {
  // More than several stocks hold; 12 does not divide any of them.
  const given = Array.from({ length: 3000 }, () => freshBytes(12))
  const seen = given.map((bytes) => bytes.toString('hex'))
  t.ok(given.every(({ length }) => length === 12))
  t.equal(new Set(seen).size, given.length)
  t.same(given.map((bytes) => bytes.toString('hex')), seen)
})
