import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

// The tests run from dist/test; what they read are the sources.
const root = fileURLToPath(new URL('../..', import.meta.url))
const rooms = ['plugins', 'routes', 'domain', 'storage', 'cli', 'scripts', 'bench']
const storageLibraries = new Set(['sorted-btree'])

interface Source { path: string, text: string, imports: string[], runtimeImports: string[] }

function sourcesBelow (folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

/** Every module that a file names, ours as paths from the root. What only types need is gone at run time:
 *  it counts for the layers but not for circles. */
function read (path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023)
  const found = statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return []
    const { moduleSpecifier } = statement
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return []
    return [{ target: resolve(path, moduleSpecifier.text), erased: isErased(statement) }]
  })
  return { path, text, imports: found.map(({ target }) => target), runtimeImports: found.filter(({ erased }) => !erased).map(({ target }) => target) }
}

function isErased (statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly
  const { importClause } = statement
  return importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

const resolve = (from: string, target: string): string =>
  target.startsWith('.') ? normalize(join(dirname(from), target)).replace(/\.js$/, '.ts') : target

const outside = readdirSync(root).filter((name) => name.endsWith('.ts'))
const inside = rooms.filter((room) => existsSync(join(root, room))).flatMap(sourcesBelow)
const sources = [...outside, ...inside].map(read)
const isIn = (room: string) => ({ path }: Source): boolean => path.startsWith(`${room}/`)
const isBuiltin = (target: string): boolean => target.startsWith('node:') && builtinModules.includes(target.slice(5))

t.test('the sources are found', async (t) => {
  for (const room of ['plugins', 'routes', 'domain', 'storage']) t.ok(sources.some(isIn(room)), room)
  t.ok(sources.some(({ imports }) => imports.includes('domain/errors.ts')))
})

t.test('storage/ imports node:*, its few libraries and itself', async (t) => {
  for (const { path, imports } of sources.filter(isIn('storage'))) {
    const foreign = imports.filter((target) => !target.startsWith('storage/') && !isBuiltin(target) && !storageLibraries.has(target))
    t.same(foreign, [], path)
  }
})

t.test('domain/ knows neither Fastify nor who wires it', async (t) => {
  for (const { path, imports } of sources.filter(isIn('domain'))) {
    t.same(imports.filter((target) => /^@?fastify\b|^(?:plugins|routes|cli|bench|scripts)\/|^(?:app|server)\.ts$/.test(target)), [], path)
  }
})

t.test('storage/ is used by its index and its port alone', async (t) => {
  for (const { path, imports } of sources.filter((source) => !isIn('storage')(source) && !isIn('bench')(source))) {
    t.same(imports.filter((target) => /^storage\/(?!index\.ts$|store\.ts$)/.test(target)), [], path)
  }
})

t.test('only app.ts imports routes/', async (t) => {
  for (const { path, imports } of sources.filter((source) => source.path !== 'app.ts' && !isIn('routes')(source))) {
    t.same(imports.filter((target) => target.startsWith('routes/')), [], path)
  }
})

t.test('the environment is read in plugins/config.ts alone', async (t) => {
  for (const { path, text } of sources.filter(({ path }) => path !== 'plugins/config.ts')) {
    t.notMatch(text, /\bprocess\s*\.\s*env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/, path)
  }
})

t.test('no import runs in a circle', async (t) => {
  const known = new Map(sources.map((source) => [source.path, source]))
  const done = new Set<string>()

  const circleFrom = (path: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path]
    if (done.has(path)) return null
    for (const target of known.get(path)?.runtimeImports ?? []) {
      const circle = circleFrom(target, [...way, path])
      if (circle !== null) return circle
    }
    done.add(path)
    return null
  }
  for (const { path } of sources) t.equal(circleFrom(path, []), null, path)
})
