import { Type } from '@sinclair/typebox'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import stringify, { type AnySchema as OutputSchema } from 'fast-json-stringify'
import fp from 'fastify-plugin'

const common = { useDefaults: true, removeAdditional: false, allErrors: true, strictTypes: false, strictTuples: false } as const

const Nothing = Type.Object({}, { additionalProperties: false })

interface LazyValidator {
  (data: unknown): boolean
  errors?: NonNullable<ValidateFunction['errors']> | null
}

/** How schemas become code. Bodies are taken as they are: nothing is converted and nothing dropped. What a
 *  URL or a header says is text, so there numbers are read from it. All faults are looked for: the size of
 *  a request bounds them. */
export default fp(async (app) => {
  // What a route of the API doesn't ask for in its query is as unknown as a field that no body has.
  app.addHook('onRoute', ({ url, schema }) => { if (schema && url.startsWith('/v1/')) schema.querystring ??= Nothing })

  const body = formats.default(new Ajv({ ...common, coerceTypes: false }))
  const text = formats.default(new Ajv({ ...common, coerceTypes: 'array' }))
  const serializers = new Map<OutputSchema, (value: unknown) => string>()

  // Each schema is compiled when it is first needed: all of them together would make up a sixth of the start.
  app.setValidatorCompiler<AnySchema>(({ schema, httpPart }) => lazyValidator(() => (httpPart === 'body' ? body : text).compile(schema)))
  // A schema that many routes share (Problem) is compiled once; Ajv remembers what it has compiled by itself.
  app.setSerializerCompiler<OutputSchema>(({ schema }) => {
    const known = serializers.get(schema) ?? lazySerializer(() => stringify(schema))
    serializers.set(schema, known)
    return known
  })
}, { name: 'schemas' })

/** Fastify reads the faults from the function itself, as Ajv has it. */
function lazyValidator (compile: () => ValidateFunction): LazyValidator {
  let validate: ValidateFunction | null = null
  const lazy: LazyValidator = (data) => {
    validate ??= compile()
    const isValid = validate(data)
    lazy.errors = validate.errors ?? null
    return isValid
  }
  return lazy
}

function lazySerializer (compile: () => (value: unknown) => string) {
  let serialize: ((value: unknown) => string) | null = null
  return (value: unknown): string => (serialize ??= compile())(value)
}
