import t from 'tap'
import { describeFaults } from '../../domain/faults.js'

t.test('a missing or unknown field is named itself, and escaped', async (t) => {
  const faults = [
    { keyword: 'required', instancePath: '', params: { missingProperty: 'text' } },
    { keyword: 'additionalProperties', instancePath: '/a', params: { additionalProperty: 'x/y~z' } }
  ]
  t.same(describeFaults('body', faults, 'en'), [
    { pointer: '/body/text', detail: 'is missing' },
    { pointer: '/body/a/x~1y~0z', detail: 'is not a known field' }
  ])
})

t.test('one sentence for each place, in the reader\'s language', async (t) => {
  const faults = [
    { keyword: 'maxLength', instancePath: '/name', params: { limit: 32 } },
    { keyword: 'pattern', instancePath: '/name', params: { pattern: 'x' } },
    { keyword: 'enum', instancePath: '/kind', params: { allowedValues: ['a', 'b'] } },
    { keyword: 'surprise', instancePath: '/more', params: {} }
  ]
  t.same(describeFaults('query', faults, 'es'), [
    { pointer: '/query/name', detail: 'debe tener como mucho 32 caracteres' },
    { pointer: '/query/kind', detail: 'debe ser uno de: a, b' },
    { pointer: '/query/more', detail: 'no es válido' }
  ])
})

t.test('neither their number nor a name that a client made up grows without bound', async (t) => {
  const faults = Array.from({ length: 1000 }, (_, i) => ({ keyword: 'additionalProperties', instancePath: '', params: { additionalProperty: `${i}${'x'.repeat(10_000)}` } }))
  const described = describeFaults('body', faults, 'es')
  t.equal(described.length, 16)
  t.ok(described.every(({ pointer }) => pointer.length <= 200))
})
