import fc from 'fast-check'
import t from 'tap'
import { confusables, unicodeVersion } from '../../../domain/users/confusables.js'
import { cleanName, foldName, skeleton, skeletonsOf } from '../../../domain/users/usernames.js'

/** Whether one name keeps the other from being registered. */
const clash = (one: string, other: string): boolean => {
  const mine = skeletonsOf(cleanName(one))
  return skeletonsOf(cleanName(other)).some((theirs) => mine.includes(theirs))
}

t.test('names that may be taken for each other keep each other out', async (t) => {
  const rows = [
    ['paypal', 'PAYPAL', 'case'],
    ['paypal', 'раураӏ', 'all of it Cyrillic'],
    ['paypal', 'PaypaI', 'a capital I for the l'],
    ['paypal', 'paypa1', 'a one for the l'],
    ['PaypaI', 'paypal', 'the same, the other way round'],
    ['paypai', 'PaypaI', 'case again'],
    ['mario', 'rnario', 'r and n for the m'],
    ['fiona', 'ﬁona', 'a ligature'],
    ['fiona', 'ｆｉｏｎａ', 'fullwidth letters'],
    ['admin', '𝓪𝓭𝓶𝓲𝓷', 'mathematical letters'],
    ['foo', 'fo0', 'a zero for the o'],
    ['Straße', 'STRASSE', 'sharp s in capitals'],
    ['josé', 'jose\u0301', 'an accent composed or not'],
    ['οδυσσευς', 'ΟΔΥΣΣΕΥΣ', 'a final sigma'],
    ['istanbul', 'ıstanbul', 'a dotless i'],
    ['ana_b', 'ANA_B', 'case beside a separator']
  ] as const
  for (const [one, other, why] of rows) t.equal(clash(one, other), true, why)
})

t.test('names that differ to the eye and to the hand live together', async (t) => {
  const rows = [['paypal', 'paypai'], ['ana', 'aná'], ['ana.b', 'ana_b'], ['мария', 'marija'], ['李小龍', '李小龙'], ['foo', 'f00d']] as const
  for (const [one, other] of rows) t.equal(clash(one, other), false, `${one} and ${other}`)
})

t.test('accepts what people are called', async (t) => {
  const names = ['ana', 'José_99', 'a_b-c.d', '李小龍', '山田taro', '김철수', 'Мария', 'मारिया', 'สมชาย', 'محمد', 'דוד', '123', 'Οδυσσέας', 'ᏣᎳᎩ']
  for (const name of names) t.equal(cleanName(name), name.normalize('NFKC'), name)
})

t.test('keeps the compatibility normal form', async (t) => {
  t.equal(cleanName('ｆｉｏｎａ'), 'fiona')
  t.equal(cleanName('jose\u0301'), 'josé')
})

t.test('refuses what is no name, and says why in both languages', async (t) => {
  const rows = {
    length: ['ab', 'a'.repeat(33), 'ﬁ', ''],
    characters: [
      'a b', 'ana@x', 'ana\n', 'ana\u0000', '.ana', 'ana.', 'a..b', '...', '___', 'a\u200bna', 'a\u200dna', '\u202eana', 'ana\u2066', 'a\u00adna',
      'ana\u3164', '\u3164\u3164\u3164', '\u115f\u115f\u115f', '\u0301\u0301\u0301', 'a\u0301\u0302\u0303\u0304\u0305na', 'ana\ufe0f', '\ud800ana',
      '😀😀😀', '\u2800\u2800\u2800', 'ᴀᴅᴍɪɴ', 'ana\ue000', 'a/b', 'a\u034fna', '<b>', 'ana\u00a0b'
    ],
    scripts: ['pаypаl', 'Πaul', 'anaדוד', 'mariaмар', 'アна']
  }
  const told = { length: /characters/, characters: /Only letters/, scripts: /alphabets/ }
  for (const name of rows.length) t.throws(() => cleanName(name), { code: 'name_invalid', detail: { en: told.length, es: String } }, JSON.stringify(name))
  for (const name of rows.characters) t.throws(() => cleanName(name), { code: 'name_invalid', detail: { en: told.characters } }, JSON.stringify(name))
  for (const name of rows.scripts) t.throws(() => cleanName(name), { code: 'name_invalid', detail: { en: told.scripts } }, JSON.stringify(name))
})

const latin = fc.string({ unit: fc.constantFrom(...'abcdefilmnorstuILO01'), minLength: 3, maxLength: 32 })

t.test('no name gets by in another case', async () => {
  fc.assert(fc.property(latin, (name) => clash(name, name.toUpperCase()) && clash(name, name.toLowerCase())))
})

t.test('no name gets by when one letter is changed for its look-alike', async () => {
  fc.assert(fc.property(latin, fc.nat(), (name, n) => {
    const chars = [...name]
    const at = n % chars.length
    chars[at] = confusables.get(chars[at] ?? '') ?? 'x'
    const other = chars.join('')
    return chars[at] === 'x' || [...other].length > 32 || clash(name, other)
  }))
})

t.test('folding and cleaning are done after one go, and never fail on any text', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    skeleton(text)
    return foldName(foldName(text)) === foldName(text)
  }), { numRuns: 2_000 })
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'aA1._-é李мب\u0301ﬁＡ'), minLength: 3, maxLength: 20 }), (text) => {
    try {
      const name = cleanName(text)
      return cleanName(name) === name
    } catch (err) {
      return err instanceof Error && 'code' in err && err.code === 'name_invalid'
    }
  }))
})

t.test('carries the table of a known Unicode', async (t) => {
  t.match(unicodeVersion, /^\d+\.\d+$/)
  t.ok(confusables.size > 6_000)
  t.same([...confusables].filter(([char, prototype]) => char === prototype), [])
})
