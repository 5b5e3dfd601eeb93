import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { messageId, randomPart, seqOf } from '../../../domain/chat/message-id.js'
import { MessageId } from '../../../domain/chat/schema.js'

t.test('ids say their place, look as the schema says, and none is like another', async (t) => {
  const ids = Array.from({ length: 5000 }, () => messageId(42, randomPart()))
  t.equal(new Set(ids).size, ids.length)
  t.ok(ids.every((id) => Value.Check(MessageId, id)))
  t.ok(ids.every((id) => seqOf(id) === 42))
})

t.test('what is no id has no place', async (t) => {
  for (const text of ['', '42', '-1-AAAAAAAAAA', '0-AAAAAAAAAA', 'x-AAAAAAAAAA', '99999999999999999-AAAAAAAAAA', '1.5-AAAAAAAAAA', '9999999999999999-AAAAAAAAAA']) {
    t.equal(seqOf(text), null, text)
  }
})
