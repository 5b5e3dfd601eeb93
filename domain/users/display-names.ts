import { AppError } from '../errors.js'
import { limits } from './limits.js'

// Controls, line ends, what turns the direction of a line, surrogates without a partner and what no
// Unicode has assigned. Joiners stay: scripts and emoji need them.
const unfit = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u
const blank = /[\u115f\u1160\u2800\u3164\uffa0]/gu

/** A display name as it is kept: anything that a person can read, on one line.
 *  @throws validation_failed */
export function cleanDisplayName (typed: string): string {
  const name = typed.normalize('NFC').replace(/\p{Zs}+/gu, ' ').trim()
  const fits = [...name].length <= limits.displayNameLengthMax && !unfit.test(name) && visible.test(name.replace(blank, ''))
  if (fits) return name
  throw new AppError('validation_failed', {
    faults: [{
      field: '/displayName',
      es: `debe tener de 1 a ${limits.displayNameLengthMax} caracteres visibles en una línea`,
      en: `must have 1 to ${limits.displayNameLengthMax} visible characters on one line`
    }]
  })
}
