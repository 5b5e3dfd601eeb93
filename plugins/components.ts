import { STATUS_CODES } from 'node:http'
import { isDeepStrictEqual } from 'node:util'

const typeNames = new Set<unknown>(['object', 'array', 'string', 'number', 'integer', 'boolean'])

/** An OpenAPI document in which each schema with a `title` is said once, as the component of that name.
 *  The generator writes every schema out wherever it is used.
 *  @throws where two different schemas have one title */
export function nameComponents<D extends { paths?: object, components?: object }> (document: D): D {
  const schemas: Record<string, object> = {}
  // A reviver meets what is inside before what is around it, so that components refer to components.
  const paths = JSON.parse(JSON.stringify(document.paths), (name, value: unknown) => {
    if (!isRecord(value)) return value
    const schema = describe(name, plain(value))
    const { title } = schema
    if (typeof title !== 'string' || !isSchema(schema)) return schema
    const known = schemas[title] ??= schema
    if (!isDeepStrictEqual(known, schema)) throw new Error(`two schemas are titled ${title}`)
    return { $ref: `#/components/schemas/${title}` }
  })
  return { ...document, paths, components: { ...document.components, schemas: sorted(schemas) } }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSchema = ({ type, anyOf }: Record<string, unknown>): boolean =>
  typeNames.has(type) || Array.isArray(type) || Array.isArray(anyOf)

/** The pattern beside a list of words is for TypeBox: a reader has the words. */
function plain ({ pattern, ...schema }: Record<string, unknown>): Record<string, unknown> {
  return pattern === undefined || Array.isArray(schema['enum']) ? schema : { ...schema, pattern }
}

/** The generator calls every answer that nobody described the same. */
function describe (name: string, node: Record<string, unknown>): Record<string, unknown> {
  return node['description'] === 'Default Response' ? { ...node, description: STATUS_CODES[name] ?? 'Answer' } : node
}

const sorted = (schemas: Record<string, object>) =>
  Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a < b ? -1 : 1))
