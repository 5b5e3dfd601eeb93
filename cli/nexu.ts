#!/usr/bin/env node
import { ConfigError } from '../plugins/config.js'
import { StoreError } from '../storage/index.js'
import init from './init.js'
import open from './open.js'
import { UsageError, type Verb } from './verb.js'

/** The `nexu` command: one file a verb. Exit codes are those of docs/OPERATING.md. */
const verbs: Record<string, Verb> = { init, open }

function help (): string {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  return ['nexu VERB [OPTIONS]', '', ...lines, '', 'nexu VERB --help tells more. Configuration comes from the environment and .env (docs/ENV.md).', ''].join('\n')
}

async function main ([name = '--help', ...args]: string[]): Promise<void> {
  const verb = verbs[name]
  if (name === '--help' || name === 'help') process.stdout.write(help())
  else if (verb === undefined) throw new UsageError(`nexu: no existe el verbo «${name}» (there is no such verb)\n\n${help()}`)
  else if (args.includes('--help')) process.stdout.write(`${verb.help}\n`)
  else await verb.run(args)
}

function fail (err: unknown): void {
  if (err instanceof StoreError) process.stderr.write(`nexu: ${err.explanation}\n`)
  else if (err instanceof ConfigError || err instanceof UsageError) process.stderr.write(`${err.message}\n`)
  else process.stderr.write(`nexu: ${err instanceof Error ? err.stack ?? err.message : String(err)}\n`)
  process.exitCode = err instanceof StoreError || err instanceof ConfigError || err instanceof UsageError ? err.exitCode : 70
}

await main(process.argv.slice(2)).catch(fail)
