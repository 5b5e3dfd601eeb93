import type { Language } from './errors.js'

const limits = { faultsMax: 16, pointerCharsMax: 200 }

/** What a JSON Schema validator finds, as Ajv words it. */
export interface Fault {
  keyword: string
  instancePath: string
  params: Record<string, unknown>
}

/** Keywords of JSON Schema in words; `{limit}` and the like are parameters of the fault. */
const sentences: Record<string, Record<Language, string>> = {
  required: { es: 'falta', en: 'is missing' },
  additionalProperties: { es: 'no se conoce este campo', en: 'is not a known field' },
  type: { es: 'debe ser de tipo {type}', en: 'must be of type {type}' },
  enum: { es: 'debe ser uno de: {allowedValues}', en: 'must be one of: {allowedValues}' },
  const: { es: 'debe ser {allowedValue}', en: 'must be {allowedValue}' },
  minLength: { es: 'debe tener al menos {limit} caracteres', en: 'must have at least {limit} characters' },
  maxLength: { es: 'debe tener como mucho {limit} caracteres', en: 'must have at most {limit} characters' },
  minimum: { es: 'debe ser al menos {limit}', en: 'must be at least {limit}' },
  maximum: { es: 'debe ser como mucho {limit}', en: 'must be at most {limit}' },
  minItems: { es: 'debe tener al menos {limit} elementos', en: 'must have at least {limit} items' },
  maxItems: { es: 'debe tener como mucho {limit} elementos', en: 'must have at most {limit} items' },
  uniqueItems: { es: 'no debe repetir elementos', en: 'must not repeat items' },
  minProperties: { es: 'debe tener al menos {limit} campos', en: 'must have at least {limit} fields' },
  maxProperties: { es: 'debe tener como mucho {limit} campos', en: 'must have at most {limit} fields' },
  format: { es: 'no tiene la forma de {format}', en: 'does not have the form of {format}' },
  pattern: { es: 'no tiene la forma esperada', en: 'does not have the expected form' }
}
const otherwise: Record<Language, string> = { es: 'no es válido', en: 'is not valid' }

/** The faults of one part of a request (`body`, `query` ...), one for each place, in the reader's language. */
export function describeFaults (part: string, faults: readonly Fault[], language: Language): { pointer: string, detail: string }[] {
  const byPlace = new Map<string, string>()
  for (const fault of faults) {
    const pointer = pointerTo(part, fault)
    if (!byPlace.has(pointer)) byPlace.set(pointer, sentence(fault, language))
    if (byPlace.size === limits.faultsMax) break
  }
  return [...byPlace].map(([pointer, detail]) => ({ pointer, detail }))
}

/** A field that is missing or too much is named itself, not the object around it. */
function pointerTo (part: string, { instancePath, params }: Fault): string {
  const name = params['missingProperty'] ?? params['additionalProperty']
  const field = typeof name === 'string' ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''
  return `/${part}${instancePath}${field}`.slice(0, limits.pointerCharsMax)
}

function sentence ({ keyword, params }: Fault, language: Language): string {
  const template = (sentences[keyword] ?? otherwise)[language]
  return template.replace(/\{(\w+)\}/g, (_, name: string) => [params[name]].flat().join(', '))
}
