import type { Language } from './errors.js'
import { languages } from './schema.js'

const limits = { headerCharsMax: 256 }

/** The language of an answer by `Accept-Language` (RFC 9110, 12.5.4); Spanish where nothing decides. */
export function preferredLanguage (header: string | undefined): Language {
  if (header === undefined) return languages[0]
  const wishes = header.slice(0, limits.headerCharsMax).split(',').map(parseWish)
  const best = languages.map((language) => ({ language, quality: qualityOf(language, wishes) }))
    .reduce((a, b) => b.quality > a.quality ? b : a)
  return best.language
}

interface Wish { range: string, quality: number }

function parseWish (text: string): Wish {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { range, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** `es` is named by `es` and by `es-MX`; by `*` only where nothing else names it. */
function qualityOf (language: Language, wishes: readonly Wish[]): number {
  const named = wishes.filter(({ range }) => range === language || range.startsWith(`${language}-`))
  const counted = named.length > 0 ? named : wishes.filter(({ range }) => range === '*')
  return Math.max(0, ...counted.map(({ quality }) => quality))
}
