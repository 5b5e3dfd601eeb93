import { AppError } from '../errors.js'
import { confusables } from './confusables.js'
import { limits } from './limits.js'

/** Scripts that people write today: those recommended for identifiers (UAX #31, table 5) and those of
 *  limited use (table 7). Dead ones only serve to look like something else. */
const scripts = [
  'Arabic', 'Armenian', 'Bengali', 'Bopomofo', 'Cyrillic', 'Devanagari', 'Ethiopic', 'Georgian', 'Greek', 'Gujarati', 'Gurmukhi',
  'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Kannada', 'Katakana', 'Khmer', 'Lao', 'Latin', 'Malayalam', 'Myanmar', 'Oriya',
  'Sinhala', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan',
  'Adlam', 'Balinese', 'Bamum', 'Batak', 'Canadian_Aboriginal', 'Chakma', 'Cham', 'Cherokee', 'Hanifi_Rohingya', 'Javanese',
  'Kayah_Li', 'Lepcha', 'Limbu', 'Lisu', 'Mandaic', 'Meetei_Mayek', 'Miao', 'New_Tai_Lue', 'Newa', 'Nko', 'Nyiakeng_Puachue_Hmong',
  'Ol_Chiki', 'Osage', 'Saurashtra', 'Sundanese', 'Syloti_Nagri', 'Syriac', 'Tai_Le', 'Tai_Tham', 'Tai_Viet', 'Tifinagh',
  'Vai', 'Wancho', 'Yi'
]

/** What is written together in earnest: "highly restrictive" of UTS #39. */
const mixtures = [['Latin', 'Han', 'Hiragana', 'Katakana'], ['Latin', 'Han', 'Bopomofo'], ['Latin', 'Han', 'Hangul']]

// Each of them takes Unicode's tables to make, all of them nearly a tenth of a second: so one is made when a
// name is first held against it, and the everyday ones come first.
const alphabets = [...mixtures, ...scripts.map((script) => [script])].map(lazily)
const invisible = /\p{Default_Ignorable_Code_Point}/u
const words = /^(?:[\p{L}\p{Nd}]\p{M}*)+(?:[._-](?:[\p{L}\p{Nd}]\p{M}*)+)*$/u
// Phonetic notation: its small capitals spell ᴀᴅᴍɪɴ, and Unicode does not count them as look-alikes.
const phonetic = /[\u1d00-\u1dbf\u0262\u026a\u0274\u0276\u0280\u0281\u0299\u029b\u029c\u029f]/
const tooManyMarks = new RegExp(`\\p{M}{${limits.nameMarksMax + 1}}`, 'u')

const reasons = {
  length: {
    es: `Un nombre tiene de ${limits.nameLengthMin} a ${limits.nameLengthMax} caracteres`,
    en: `A name has ${limits.nameLengthMin} to ${limits.nameLengthMax} characters`
  },
  characters: {
    es: 'Solo letras y cifras, y entre ellas un punto, un guion o un guion bajo',
    en: 'Only letters and digits, with one dot, hyphen or underscore between them'
  },
  scripts: {
    es: 'Las letras son de alfabetos que no se escriben juntos',
    en: 'The letters are of alphabets that are not written together'
  }
}

/** The name as it is kept and shown, in Unicode's compatibility normal form.
 *  @throws name_invalid */
export function cleanName (typed: string): string {
  const name = typed.normalize('NFKC')
  const length = [...name].length
  if (length < limits.nameLengthMin || length > limits.nameLengthMax) throw refused('length')
  if (!words.test(name) || [invisible, tooManyMarks, phonetic].some((no) => no.test(name))) throw refused('characters')
  if (!alphabets.some((isWrittenIn) => isWrittenIn(name))) throw refused('scripts')
  return name
}

/** Two spellings of one name (in case, in width, as ligatures) fold to the same text. Going through upper
 *  case first brings ß and ss, and both small sigmas, together, as Unicode's full case folding does. */
export function foldName (name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
}

/** What a name looks like, whatever its case: texts that may be taken for each other have one skeleton
 *  (UTS #39). It is made to be compared, never to be shown. */
export function skeleton (text: string): string {
  return bare(foldName(bare(text)))
}

/** The skeletons that a name occupies. Case makes two of them: `PaypaI` is somebody else's `paypai` to who
 *  types it, and `paypal` to who sees it. A name is free only where all of its skeletons are. */
export function skeletonsOf (name: string): [string, ...string[]] {
  const typed = skeleton(foldName(name))
  const seen = skeleton(name)
  return typed === seen ? [typed] : [typed, seen]
}

function bare (text: string): string {
  return [...text.normalize('NFD')].map(prototype).join('').normalize('NFD')
}

function prototype (char: string): string {
  return invisible.test(char) ? '' : confusables.get(char) ?? char
}

/** Whether a name has only letters of scripts that are written together. */
function lazily (together: string[]): (name: string) => boolean {
  let expression: RegExp | null = null
  return (name) => (expression ??= only(together)).test(name)
}

function only (together: string[]): RegExp {
  const classes = [...together, 'Common', 'Inherited'].map((script) => `\\p{scx=${script}}`)
  return new RegExp(`^[${classes.join('')}]+$`, 'u')
}

function refused (reason: keyof typeof reasons): AppError {
  return new AppError('name_invalid', { detail: reasons[reason] })
}
