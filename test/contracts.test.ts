import { Validator } from '@seriousme/openapi-schema-validator'
import type { TObject, TSchema } from '@sinclair/typebox'
import type { FastifySchema, RouteOptions } from 'fastify'
import t from 'tap'
import { Problem } from '../domain/schema.js'
import { build } from './helper.js'

interface Answer { content?: Record<string, { schema: TSchema }> }
interface Schema extends FastifySchema { params?: TObject, querystring?: TObject, body?: TSchema & Answer, response?: Record<string, Answer> }

/** What the walk looks at. Pages, their files and the answers to preflight requests are hidden. */
const isShown = ({ method, schema }: RouteOptions): boolean => method !== 'HEAD' && schema?.hide !== true

const routes: RouteOptions[] = []
const app = await build(t, { onRoute: (route) => { if (isShown(route)) routes.push(route) } })
const document = (await app.inject('/openapi.json')).json()
const named = routes.flatMap((route) => [route.method].flat().map((method) => (
  { method, name: `${method} ${route.url}`, url: route.url, schema: contractOf(route) }
)))

function contractOf ({ schema = {} }: RouteOptions): Schema {
  // What Fastify keeps as unknown: the walk below finds out whether it is what it should be.
  return JSON.parse(JSON.stringify(schema))
}

const isClosed = (schema: TSchema): boolean => {
  if (schema.anyOf) return schema.anyOf.every(isClosed)
  if (schema.type !== 'object') return true
  const inner: TSchema[] = Object.values(schema.properties ?? {})
  return schema.additionalProperties !== undefined && schema.additionalProperties !== true && inner.every(isClosed)
}

t.test('there are routes to walk', async (t) => {
  t.ok(named.some(({ name }) => name === 'GET /health'))
})

for (const { name, url, schema } of named) {
  t.test(`${name} says what it takes and what it answers`, async (t) => {
    t.match(schema, { operationId: /^[a-z][A-Za-z]+$/, summary: /^[A-Z`].{3,}/, tags: [String] })
    const inPath = [...url.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter).sort()
    t.same(Object.keys(schema.params?.properties ?? {}).sort(), inPath, 'its parameters are those of its path')

    const bodies = schema.body?.content ? Object.values(schema.body.content).map((media) => media.schema) : [schema.body]
    for (const part of [schema.params, schema.querystring, ...bodies]) {
      if (part !== undefined) t.ok(isClosed(part), 'it refuses fields that it does not know')
    }

    const statuses = Object.keys(schema.response ?? {})
    t.ok(statuses.some((status) => /^[123]/.test(status)), 'it says how it succeeds')
    t.ok(['4xx', '5xx'].every((range) => statuses.includes(range)), 'it says how it fails')
    for (const [status, answer] of Object.entries(schema.response ?? {}).filter(([status]) => /^[45]/.test(status))) {
      t.same(answer.content?.['application/problem+json']?.schema, JSON.parse(JSON.stringify(Problem)), `${status} is a problem document`)
    }
  })
}

t.test('whoever has no token is refused everywhere but where the contract says it is open', async (t) => {
  const id = '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10'
  for (const { name, method, url } of named.filter(({ schema }) => schema.security === undefined)) {
    const res = await app.inject({ method, url: url.replace(/:\w+/g, id) })
    t.equal(res.statusCode, 401, name)
    t.equal(res.json().code, 'token_missing', name)
  }
})

t.test('no two operations have one id', async (t) => {
  const ids = named.map(({ schema }) => schema.operationId)
  t.same(ids.filter((id, place) => ids.indexOf(id) !== place), [])
})

t.test('the document has every route', async (t) => {
  const documented = Object.entries<object>(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
  t.same(documented.sort(), named.map(({ name }) => name.replace(/:(\w+)/g, '{$1}')).sort())
})

t.test('the document is valid OpenAPI 3.1', async (t) => {
  const validator = new Validator()
  const result = await validator.validate(structuredClone(document))
  t.equal(result.valid, true, JSON.stringify(result.errors))
  t.equal(validator.version, '3.1')
})

t.test('every reference leads to a component, and every component is used', async (t) => {
  const used = new Set([...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
  t.same([...used].sort(), Object.keys(document.components.schemas).sort())
})
