import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { failures } from '../storage/errors.js'
import { readDocument, root, tableRows } from './markdown.js'

// What is made while tests run, or by others, is none of ours.
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|dist|local)$/.test(entry.name))
  .map(({ name }) => name)

function documentsIn (folder: string): string[] {
  const isOfData = folder === 'db' || folder === 'logs'
  return readdirSync(join(root, folder), { recursive: folder !== '' && !isOfData, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
}

const documents = ['', ...folders].flatMap(documentsIn)

t.test('every link to a file leads to one', async (t) => {
  t.ok(documents.includes('README.md'))
  for (const path of documents) {
    const targets = [...readDocument(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => join(dirname(path), target))
    t.same(targets.filter((target) => !existsSync(join(root, target))), [], path)
  }
})

t.test('docs/OPERATING.md tells the exit code of every failure of the store', async (t) => {
  const told = tableRows(readDocument('docs/OPERATING.md'), 'code').map(([code, exitCode]) => [code, Number(exitCode)])
  t.same(told.sort(), Object.entries(failures).map(([code, { exitCode }]) => [code, exitCode]).sort())
})

for (const [path, head] of [['README.md', 'exit code'], ['README.es.md', 'código de salida']] as const) {
  t.test(`${path} tells every exit code once`, async (t) => {
    // Those of the process itself: usage, no listening, a fault, the configuration.
    const known = new Set([64, 69, 70, 78, ...Object.values(failures).map(({ exitCode }) => exitCode)])
    t.same(tableRows(readDocument(path), head).map(([exitCode]) => Number(exitCode)), [...known].sort())
  })
}

t.test('each top-level folder says what it is for', async (t) => {
  t.same(folders.filter((name) => !existsSync(join(root, name, 'README.md'))), [])
})
