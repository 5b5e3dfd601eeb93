import { isAbsolute, relative, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type Config, formats, Variables } from './config.js'

export interface Fault { variable: string, es: string, en: string }

/** All that is wrong with a configuration, at once. It never tells a value: one may be a secret. */
export class ConfigError extends Error {
  /** EX_CONFIG of sysexits.h. */
  readonly exitCode = 78

  constructor (readonly faults: readonly Fault[]) {
    const lines = faults.map(({ variable, es, en }) => `  - ${variable}: ${es} (${en})`)
    super(['La configuración no es válida (the configuration is not valid):', ...lines].join('\n'))
    this.name = 'ConfigError'
  }
}

type Environment = Record<string, string | undefined>

const required: readonly string[] = Variables.required ?? []

/** Reads the variables of `env` over those of the text of an `.env` file. A variable that is set to nothing
 *  counts as not set, and hides the one of the file.
 *  @throws ConfigError with every fault there is */
export function readConfig (env: Environment, envFileText = ''): Config {
  const faults: Fault[] = []
  const layers = [parseEnv(envFileText), env].map((layer) => withoutAliases(layer, faults))
  const given = layers.reduce((under, over) => ({ ...under, ...over }))
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(Variables.properties)) {
    const text = given[name]
    const value = text ? parse(schema, text) : preset(name, schema, given, values)
    if (text && !Value.Check(schema, value)) faults.push({ variable: name, ...mustBe(schema) })
    if (value !== undefined) values[name] = value
    else if (required.includes(name)) faults.push({ variable: name, es: 'falta', en: 'is missing' })
  }
  faults.push(...keyFaults(given), ...placeFaults(values))
  if (faults.length > 0 || !Value.Check(Variables, values)) throw new ConfigError(faults)
  return Object.freeze(values)
}

/** The known variables of one layer, trimmed and under their first names. */
function withoutAliases (layer: Environment, faults: Fault[]): Environment {
  const known: Environment = {}
  for (const [name, { alias }] of Object.entries<TSchema>(Variables.properties)) {
    const value = layer[name]?.trim()
    const other = typeof alias === 'string' ? layer[alias]?.trim() : undefined
    if (value && other && value !== other) {
      faults.push({ variable: name, es: `contradice a ${alias}`, en: `contradicts ${alias}` })
    }
    if (value !== undefined || other !== undefined) known[name] = value || other
  }
  return known
}

function preset (name: string, schema: TSchema, given: Environment, values: Record<string, unknown>): unknown {
  if (name === 'ENCRYPTION_KEY_FILE' && (given.ENCRYPTION_KEY || given.ENCRYPTION_PASSPHRASE)) return undefined
  if (typeof schema.default !== 'string') return schema.default
  return schema.default.replace(/\$\{(\w+)\}/g, (_, variable) => String(values[variable]))
}

function parse (schema: TSchema, text: string): unknown {
  if (schema.type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : text
  if (schema.type === 'array') return text.split(',').map((item) => item.trim()).filter((item) => item !== '')
  if (!Array.isArray(schema.enum)) return text
  const word = schema.words?.[text.toLowerCase()] ?? text
  return schema.enum.find((known) => String(known).toLowerCase() === String(word).toLowerCase()) ?? text
}

function mustBe (schema: TSchema): { es: string, en: string } {
  const { es, en } = expectation(schema)
  return { es: `debe ser ${es}`, en: `must be ${en}` }
}

function expectation (schema: TSchema): { es: string, en: string } {
  const format = formats[schema.format]
  if (format !== undefined) return format
  if (Array.isArray(schema.enum)) return { es: `uno de: ${schema.enum.join(', ')}`, en: `one of: ${schema.enum.join(', ')}` }
  if (schema.type === 'integer') {
    return { es: `un entero de ${schema.minimum} a ${schema.maximum}`, en: `a whole number from ${schema.minimum} to ${schema.maximum}` }
  }
  if (schema.type === 'array') {
    const { es, en } = expectation(schema.items)
    return { es: `una lista separada por comas (hasta ${schema.maxItems}); cada elemento, ${es}`, en: `a list separated by commas (up to ${schema.maxItems}); each item, ${en}` }
  }
  return { es: `un texto de ${schema.minLength} a ${schema.maxLength} caracteres`, en: `a text of ${schema.minLength} to ${schema.maxLength} characters` }
}

function keyFaults (given: Environment): Fault[] {
  const names = ['ENCRYPTION_KEY', 'ENCRYPTION_KEY_FILE', 'ENCRYPTION_PASSPHRASE'].filter((name) => given[name])
  if (names.length < 2) return []
  return [{ variable: names.join(', '), es: 'solo puede darse una', en: 'only one of them may be given' }]
}

/** Whoever can change the data must not be able to change what vouches for them or opens them. */
function placeFaults (values: Record<string, unknown>): Fault[] {
  const share = resolve(String(values.NFS_PATH))
  const inside = (place: unknown): boolean => {
    const way = relative(share, resolve(String(place)))
    return way !== '..' && !way.startsWith('../') && !isAbsolute(way)
  }
  return ['ANCHOR_PATH', 'ENCRYPTION_KEY_FILE']
    .filter((name) => values[name] !== undefined && inside(values[name]))
    .map((variable) => ({ variable, es: 'no puede estar dentro de NFS_PATH', en: 'must not be inside NFS_PATH' }))
}
