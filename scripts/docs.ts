import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { renderAsyncapiDocument } from './docs/asyncapi.js'
import { renderDependenciesDocument } from './docs/dependencies.js'
import { renderEnvDocument, renderEnvExample } from './docs/env.js'
import { renderErrorsDocument } from './docs/errors.js'
import { renderOpenapiDocument } from './docs/openapi.js'

/** Every generated file and what makes it. A new one is a new row. */
const documents: { path: string, render (): string | Promise<string> }[] = [
  { path: 'docs/ENV.md', render: renderEnvDocument },
  { path: '.env.example', render: renderEnvExample },
  { path: 'docs/ERRORS.md', render: renderErrorsDocument },
  { path: 'docs/openapi.json', render: renderOpenapiDocument },
  { path: 'docs/asyncapi.json', render: renderAsyncapiDocument },
  { path: 'docs/DEPENDENCIES.md', render: renderDependenciesDocument }
]

/** Writes each document whose text has changed or, with `--check`, only names it. */
async function update (path: string, text: string, check: boolean): Promise<boolean> {
  if (await readFile(path, 'utf8').catch(() => null) === text) return false
  console.log(`${path} ${check ? 'is stale: run npm run docs' : 'written'}`)
  if (check) return true
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return true
}

const check = process.argv.includes('--check')
for (const { path, render } of documents) {
  if (await update(path, await render(), check) && check) process.exitCode = 1
}
