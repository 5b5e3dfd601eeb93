import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import stringify from 'fast-json-stringify'
import t from 'tap'
import { choice, Id, nullable, page, Problem, Problems, Timestamp } from '../../domain/schema.js'

const id = '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10'

t.test('choice takes its words and no other', async (t) => {
  const Kind = choice(['a', 'b.c'])
  for (const word of ['a', 'b.c']) t.ok(Value.Check(Kind, word))
  for (const word of ['b', 'bxc', 'ab', 'a\n', '', null]) t.notOk(Value.Check(Kind, word), JSON.stringify(word))
})

t.test('nullable takes null and what its schema takes, inside other schemas too', async (t) => {
  const Item = TypeCompiler.Compile(Type.Object({ at: nullable(Timestamp) }))
  t.ok(Item.Check({ at: null }))
  t.ok(Item.Check({ at: '2025-11-10T14:20:01.000Z' }))
  for (const at of ['2025-11-10', '2025-13-10T14:20:01.000Z', 7, undefined]) t.notOk(Item.Check({ at }), String(at))
})

t.test('a nullable field is written as it is', async (t) => {
  const write = stringify(Type.Object({ at: nullable(Timestamp), name: nullable(Type.String()) }))
  t.equal(write({ at: null, name: null }), '{"at":null,"name":null}')
  t.equal(write({ at: '2025-11-10T14:20:01.000Z', name: 'ñ"' }), '{"at":"2025-11-10T14:20:01.000Z","name":"ñ\\""}')
})

t.test('ids are UUIDs', async (t) => {
  t.ok(Value.Check(Id, id))
  for (const text of ['', `${id} `, id.slice(1), id.replaceAll('-', '')]) t.notOk(Value.Check(Id, text), text)
})

t.test('a page is named after its items, where those have a name', async (t) => {
  t.equal(page(Type.Object({}, { title: 'User' })).title, 'UserPage')
  t.notOk('title' in page(Type.Object({})))
})

t.test('every failure of a route is a problem document', async (t) => {
  const responses = Problems(404, 499)
  t.same(Object.keys(responses).sort(), ['404', '499', '4xx', '5xx'])
  for (const { content } of Object.values(responses)) t.equal(content['application/problem+json'].schema, Problem)
})
