import { readFile } from 'node:fs/promises'

interface Package { version?: string, license?: string, dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }
type Packages = Record<string, Package>
interface Manifest { dependencies: Record<string, string>, devDependencies: Record<string, string> }

/** Why each one is here. A dependency without a reason stops `npm run docs`, and so does a reason without one. */
const reasons: Record<string, string> = {
  '@fastify/cors': 'answers browsers that ask whether a page of another origin may call; registered only where `CORS_ORIGINS` names one',
  '@fastify/swagger': 'makes the OpenAPI document from the schemas of the routes',
  '@fastify/swagger-ui': 'the page at `/docs`, from files of its own, so that it works without a network',
  '@fastify/type-provider-typebox': 'types handlers by their schemas; 5.2 is the line for `@sinclair/typebox`',
  '@fastify/websocket': 'WebSocket upgrades as Fastify routes, with their hooks',
  '@node-rs/argon2': 'argon2id, which `node:crypto` of the oldest Node that we admit has not; the tree is one prebuilt binary for each platform, of which one is installed',
  '@sinclair/typebox': 'one value is schema and type: configuration, requests, answers, frames',
  ajv: 'checks requests; also part of Fastify, named since we make its instance ourselves',
  'ajv-formats': 'uuid, date-time and the like for ajv',
  'close-with-grace': 'ends the process on a signal, once, and within a time',
  'fast-json-stringify': 'writes answers by their schemas; also part of Fastify, named since we make its instance ourselves',
  fastify: 'the HTTP server',
  'fastify-plugin': 'lets a plugin decorate the instance around it',
  jose: 'signs and verifies access tokens (EdDSA)',
  pino: 'the logger',
  'sorted-btree': 'the rows of the store in the order of their keys; its copies are cheap, which makes snapshots',
  uuid: 'ids that sort by time (version 7)',
  ws: 'the WebSocket itself; part of `@fastify/websocket`, named since the README\'s tour, the tests and the benchmark are clients with it',

  '@seriousme/openapi-schema-validator': 'says whether our OpenAPI document is one',
  '@asyncapi/specs': 'the schema that /asyncapi.json is held against',
  '@types/node': 'types of the oldest Node that we admit',
  '@types/ws': 'types of ws',
  eslint: 'lints',
  'fast-check': 'property tests',
  neostandard: 'the style that eslint checks',
  tap: 'runs the tests and measures their coverage',
  typescript: 'compiles; 6.0, since tap 21 breaks on 7',
  yaml: 'reads and writes YAML; part of `@fastify/swagger`, named since the tests read `/openapi.yaml` with it'
}

/** The place of a package in the lock file, as Node would find it from another one's place. */
function find (packages: Packages, from: string, name: string): string | null {
  for (let place = from; ; place = place.slice(0, Math.max(place.lastIndexOf('/node_modules/'), 0))) {
    const candidate = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`
    if (candidate in packages) return candidate
    if (place === '') return null
  }
}

/** Every package that comes with one, itself included. */
function treeOf (packages: Packages, name: string): Package[] {
  const places = new Set<string>()
  const pending = [find(packages, '', name)]
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (place === null || places.has(place)) continue
    places.add(place)
    const { dependencies, optionalDependencies } = packages[place] ?? {}
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) pending.push(find(packages, place, each))
  }
  return [...places].flatMap((place) => packages[place] ?? [])
}

function row (packages: Packages, name: string): string {
  const [own, ...others] = treeOf(packages, name)
  const licence = own?.license ?? 'not said'
  const foreign = [...new Set(others.map((each) => each.license ?? 'not said'))].filter((each) => each !== licence).sort()
  return `| \`${name}\` | ${own?.version} | ${licence} | ${others.length + 1} | ${foreign.join(', ')} | ${reasons[name]} |`
}

function table (packages: Packages, names: string[]): string[] {
  return ['| Package | Version | Licence | Packages with it | Other licences among them | Why |', '| --- | --- | --- | --- | --- | --- |', ...names.map((name) => row(packages, name))]
}

function countOf (packages: Packages, names: string[]): number {
  return new Set(names.flatMap((name) => treeOf(packages, name))).size
}

/** docs/DEPENDENCIES.md
 *  @throws Error where a dependency has no reason, or a reason no dependency */
export async function renderDependenciesDocument (): Promise<string> {
  const { dependencies, devDependencies }: Manifest = JSON.parse(await readFile('package.json', 'utf8'))
  const { packages }: { packages: Packages } = JSON.parse(await readFile('package-lock.json', 'utf8'))
  const [used, tools] = [Object.keys(dependencies), Object.keys(devDependencies)]
  const odd = [...used, ...tools].filter((name) => !(name in reasons)).concat(Object.keys(reasons).filter((name) => !used.includes(name) && !tools.includes(name)))
  if (odd.length > 0) throw new Error(`dependencies and their reasons differ: ${odd.join(', ')}`)
  return [
    '# Dependencies',
    '',
    'Generated by `npm run docs` from `package.json`, `package-lock.json` and `scripts/docs/dependencies.ts`; edit those.',
    '',
    'A new one needs a reason here: something that we would do worse ourselves, maintained, with types, with a small tree, and nothing that is downloaded or built at its installation.',
    '',
    `## In the server: ${used.length}, with all theirs ${countOf(packages, used)}`,
    '',
    ...table(packages, used),
    '',
    `## For work on it: ${tools.length}, with all theirs ${countOf(packages, tools)}`,
    '',
    ...table(packages, tools),
    ''
  ].join('\n')
}
