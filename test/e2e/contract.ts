import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Answer } from './http-client.js'

interface Media { schema?: object }
interface Response { content?: Record<string, Media>, $ref?: string }
export interface Operation { operationId: string, security?: object[], responses: Record<string, Response> }
interface Document { paths: Record<string, Record<string, Operation>>, components: { schemas: Record<string, object> } }

export type Contract = ReturnType<typeof createContract>

/** What the server says of itself at /openapi.json, to hold every answer against. Fields that it doesn't
 *  tell of count as faults, though clients must put up with them: here they would be leaks. */
export function createContract (text: string) {
  const document: Document = JSON.parse(text, (_, node: unknown) => close(node))
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }))
  ajv.addSchema({ ...document, $id: 'api' })
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods)
    .map(([method, operation]) => ({ method: method.toUpperCase(), path, pattern: patternOf(path), operation })))
  const validators = new Map<string, ValidateFunction>()
  const faults = new Set<string>()
  const seen = new Set<string>()

  function validator (pointer: string): ValidateFunction {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` })
    validators.set(pointer, known)
    return known
  }

  function faultOf (method: string, path: string, answer: Answer): string | null {
    const wanted = method === 'HEAD' ? 'GET' : method
    const known = operations.filter(({ pattern }) => pattern.test(path)).sort((a, b) => braces(a.path) - braces(b.path))
    const found = known.find((each) => each.method === wanted)
    if (found === undefined) return problemFault(answer)
    const { operation } = found
    const status = [String(answer.status), `${String(answer.status).charAt(0)}XX`].find((name) => name in operation.responses)
    if (status === undefined) return 'a status that is not documented'
    seen.add(`${operation.operationId} ${answer.status}`)
    if (method === 'HEAD') return null
    return contentFault(answer, operation.responses[status]?.content, ['paths', found.path, wanted.toLowerCase(), 'responses', status, 'content'])
  }

  function contentFault (answer: Answer, content: Record<string, Media> | undefined, place: string[]): string | null {
    const [type = ''] = (answer.headers['content-type'] ?? '').split(';')
    if (answer.text === '') return content === undefined ? null : 'a body is missing'
    if (content === undefined || !(type in content)) return `a content type that is not documented: ${type}`
    if (!type.endsWith('json')) return null
    const validate = validator(pointerTo([...place, type, 'schema']))
    return validate(JSON.parse(answer.text)) ? null : ajv.errorsText(validate.errors)
  }

  function problemFault (answer: Answer): string | null {
    if (!answer.headers['content-type']?.startsWith('application/problem+json')) return 'no operation, and no problem'
    const validate = validator('/components/schemas/Problem')
    return validate(JSON.parse(answer.text)) ? null : ajv.errorsText(validate.errors)
  }

  return {
    operations,
    /** What was wrong with answers so far, each kind once. */
    faults: (): string[] => [...faults],
    /** Which operations answered what so far, as `getMe 200`. */
    seen: (): string[] => [...seen].sort(),
    check (method: string, path: string, answer: Answer): void {
      if (method === 'OPTIONS') return
      const fault = faultOf(method, path.split('?')[0] ?? '', answer)
      if (fault !== null) faults.add(`${method} ${path} ${answer.status}: ${fault} ${answer.text.slice(0, 200)}`)
    }
  }
}

const braces = (path: string): number => path.split('{').length

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`)

const pointerTo = (place: string[]): string =>
  place.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A schema of an object admits no more than it says. */
function close (node: unknown): unknown {
  if (!isRecord(node) || !isRecord(node['properties']) || 'additionalProperties' in node) return node
  return [node['type']].flat().includes('object') ? { ...node, additionalProperties: Object.keys(node['properties']).length === 0 } : node
}
