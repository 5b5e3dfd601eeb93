import t from 'tap'
import { preferredLanguage } from '../../domain/language.js'

const rows: [string | undefined, 'es' | 'en'][] = [
  [undefined, 'es'],
  ['', 'es'],
  ['en', 'en'],
  ['EN-gb', 'en'],
  ['es-MX, en;q=0.9', 'es'],
  ['en;q=0.9, es;q=0.8', 'en'],
  ['en;q=0.8, es;q=0.9', 'es'],
  ['fr, de;q=0.9', 'es'],
  ['fr, en;q=0.1', 'en'],
  ['*', 'es'],
  ['es;q=0, *', 'en'],
  ['en;q=0', 'es'],
  ['en; q=0.5, *;q=0.7', 'es'],
  ['enx, esperanto', 'es'],
  ['en;q=2', 'es'],
  ['en;q=abc', 'es'],
  [';;;,,,q=1', 'es'],
  [`${'x,'.repeat(500)}en`, 'es']
]

for (const [header, language] of rows) {
  t.test(`Accept-Language ${JSON.stringify(header)?.slice(0, 40)} is answered in ${language}`, async (t) => {
    t.equal(preferredLanguage(header), language)
  })
}
