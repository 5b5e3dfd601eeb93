import { FormatRegistry, Kind, type Static, type TSchema, type TUnsafe, Type, TypeRegistry } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** Pieces that the schemas of every area share. A schema with a `title` becomes a component of that name
 *  in the OpenAPI document; none has an `$id`, so any may be used in any place. */
export const limits = { pageItemsMax: 100, pageItemsDefault: 50, cursorLengthMax: 1024 }

// Ajv knows these formats. TypeBox refuses every format that it was not told of, and checks socket frames.
FormatRegistry.Set('uuid', (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text))
FormatRegistry.Set('date-time', (text) => !Number.isNaN(Date.parse(text)) && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text))
FormatRegistry.Set('uri-reference', (text) => URL.canParse(text, 'http://localhost'))

/** One of a few words. A union of literals would say the same, but it takes several times as long to serialize. */
export function choice<const W extends readonly string[]> (words: W, options: { description?: string, default?: W[number] } = {}): TUnsafe<W[number]> {
  const pattern = `^(?:${words.map((word) => word.replace(/[^\w-]/g, '\\$&')).join('|')})$`
  return Type.Unsafe<W[number]>(Type.String({ ...options, enum: [...words], pattern }))
}

// A symbol: it is for TypeBox, and no word of JSON Schema.
const Inner = Symbol('Inner')
interface Nullable extends TSchema { [Inner]: TSchema }
TypeRegistry.Set<Nullable>('Nullable', (schema, value) => value === null || Value.Check(schema[Inner], value))

/** `schema` or null, where `schema` has one plain type. A union takes several times as long to serialize. */
export function nullable<T extends TSchema> (schema: T): TUnsafe<Static<T> | null> {
  const words: unknown = schema['enum']
  const orNull = Array.isArray(words) ? { enum: [...words, null] } : {}
  return Type.Unsafe<Static<T> | null>({ ...schema, ...orNull, type: [schema.type, 'null'], [Kind]: 'Nullable', [Inner]: schema })
}

export const Id = Type.String({ format: 'uuid', description: 'A UUID (version 7)', examples: ['0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10'] })

export const Timestamp = Type.String({ format: 'date-time', description: 'UTC, with milliseconds', examples: ['2025-11-10T14:20:01.000Z'] })

export const languages = ['es', 'en'] as const
export const Language = choice(languages)

export const PageQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: limits.pageItemsMax, default: limits.pageItemsDefault }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: limits.cursorLengthMax, description: '`next` of the page before' }))
}, { additionalProperties: false })

export type PageQuery = Static<typeof PageQuery>

/** The answer of every list: a page and the cursor of the page after it. */
export function page<T extends TSchema> (item: T) {
  return Type.Object({
    items: Type.Array(item),
    next: nullable(Type.String({ description: 'What to send as `cursor` for the next page; null on the last one' }))
  }, item.title === undefined ? {} : { title: `${item.title}Page` })
}

export const Problem = Type.Object({
  type: Type.String({ format: 'uri-reference', description: 'Where this kind of problem is explained', examples: ['/problems/name_taken'] }),
  title: Type.String({ description: 'What happened, in the language of the answer' }),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  code: Type.String({ description: 'The stable name of the problem', examples: ['name_taken'] }),
  detail: Type.Optional(Type.String({ description: 'More about this one case' })),
  instance: Type.String({ description: 'The id of the request, as in `X-Request-Id`' }),
  errors: Type.Optional(Type.Array(Type.Object({
    pointer: Type.String({ description: 'JSON pointer to what is wrong', examples: ['/body/text'] }),
    detail: Type.String()
  }))),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, description: 'The same request may succeed after so long' }))
}, { title: 'Problem', description: 'What every failure looks like (RFC 9457)' })

export type Problem = Static<typeof Problem>

const meanings: Record<number, string> = {
  400: 'The request is not valid',
  401: 'Not signed in, or not any more',
  403: 'Signed in, but not allowed',
  404: 'There is no such thing, or it is not for the caller to know',
  406: 'No representation that the client accepts',
  409: 'It does not go with what is there',
  410: 'It was deleted',
  412: 'It has changed since the given ETag',
  413: 'The request is too large',
  415: 'That content type is not supported',
  422: 'The key was used before with another content',
  429: 'Too many requests',
  500: 'A failure of the server',
  503: 'Not available just now',
  507: 'No storage space left'
}

const failure = (description: string) => ({ description, content: { 'application/problem+json': { schema: Problem } } })
type FailureResponse = ReturnType<typeof failure>

/** Failures for the `response` of a route: `{ 200: User, ...Problems(401, 404) }`. Whatever else may
 *  happen to any request (a bad URL, a busy store) is covered by the two ranges. */
export function Problems<S extends number> (...statuses: S[]): Record<S | '4xx' | '5xx', FailureResponse>
export function Problems (...statuses: number[]): Record<string, FailureResponse> {
  const named = statuses.map((status) => [status, failure(meanings[status] ?? 'A failure')])
  return { ...Object.fromEntries(named), '4xx': failure('Another fault of the request'), '5xx': failure('A failure of the server') }
}

/** The answer without a body. */
export const NoContent = Type.Null({ description: 'Done; there is no body' })

/** Request headers of a change that may name the version it is about. */
export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(Type.String({ maxLength: 256, description: 'The `ETag` of the version that is to be changed' }))
})

/** Request headers of a POST that may be repeated safely. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$', description: 'The same key gives the same answer again' }))
})
