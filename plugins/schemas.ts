import { Type } from '@sinclair/typebox'
import { Ajv, type AnySchema } from 'ajv'
import formats from 'ajv-formats'
import stringify, { type AnySchema as OutputSchema } from 'fast-json-stringify'
import fp from 'fastify-plugin'

const common = { useDefaults: true, removeAdditional: false, allErrors: true, strictTypes: false, strictTuples: false } as const

const Nothing = Type.Object({}, { additionalProperties: false })

/** How schemas become code. Bodies are taken as they are: nothing is converted and nothing dropped. What a
 *  URL or a header says is text, so there numbers are read from it. All faults are looked for: the size of
 *  a request bounds them. */
export default fp(async (app) => {
  // What a route of the API doesn't ask for in its query is as unknown as a field that no body has.
  app.addHook('onRoute', ({ url, schema }) => { if (schema && url.startsWith('/v1/')) schema.querystring ??= Nothing })

  const body = formats.default(new Ajv({ ...common, coerceTypes: false }))
  const text = formats.default(new Ajv({ ...common, coerceTypes: 'array' }))
  const serializers = new Map<OutputSchema, (value: unknown) => string>()

  app.setValidatorCompiler<AnySchema>(({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema))
  // A schema that many routes share (Problem) is compiled once; Ajv remembers what it has compiled by itself.
  app.setSerializerCompiler<OutputSchema>(({ schema }) => {
    const known = serializers.get(schema) ?? stringify(schema)
    serializers.set(schema, known)
    return known
  })
}, { name: 'schemas' })
