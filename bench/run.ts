import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBare } from './bare.js'
import { type Bench, benches } from './benches.js'
import { startGenerator } from './generator.js'
import { stopAll } from './processes.js'
import { circumstances, faults, type Row, table } from './report.js'
import { measure, type Pace } from './rounds.js'
import { startNexu } from './server.js'

/** Runs NEXU and the bare server beside each other and prints how they compare. */
const limits = { totalMs: 10 * 60_000 }
const pace: Pace = { rounds: 9, durationMs: 750, warmUpMs: 1_500 }
const quickPace: Pace = { rounds: 5, durationMs: 250, warmUpMs: 500 }
const exitCodes = { wrongAnswers: 1, usage: 64, noEnd: 70 }

// On the disk of the checkout: a folder for temporary files may be in memory, where a sync costs nothing.
const local = fileURLToPath(new URL('../../local', import.meta.url))

const { values: { quick = false, 'cpu-prof': profile, against }, positionals } = parseArgs({
  allowPositionals: true, options: { quick: { type: 'boolean' }, 'cpu-prof': { type: 'string' }, against: { type: 'string' } }
})
const chosen = choose(positionals)
mkdirSync(local, { recursive: true })
const folder = mkdtempSync(join(local, 'bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { end(130) })
setTimeout(() => { fail(new Error('the benchmark does not come to an end')) }, limits.totalMs).unref()

await main(quick ? quickPace : pace).catch(fail)

function choose (names: string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length === 0) return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name))
  process.stderr.write(`No such bench: ${unknown.join(', ')}\n\n${benches.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}\n`)
  return process.exit(exitCodes.usage)
}

async function main (pace: Pace): Promise<void> {
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`]
  const nexu = await startNexu(join(folder, 'nexu'), { nodeOptions })
  // Another build of NEXU in the place of the bare server tells what a change has brought.
  const bare = against === undefined ? await startBare(join(folder, 'bare')) : await startNexu(join(folder, 'bare'), { script: resolve(against) })
  const generator = await startGenerator(folder)
  const rows: Row[] = []
  for (const bench of chosen) {
    process.stderr.write(`${bench.name}: ${bench.about}\n`)
    rows.push({ bench, rounds: await measure(generator, { nexu, bare }, bench, pace) })
  }
  process.stdout.write(`${circumstances(pace)}\n\n${table(rows, against === undefined ? 'bare' : 'other')}\n`)
  const found = faults(rows)
  for (const fault of found) process.stdout.write(`\n**Wrong answers**: ${fault}\n`)
  await Promise.all([nexu.close(), bare.close()])
  end(found.length === 0 ? 0 : exitCodes.wrongAnswers)
}

function fail (err: unknown): void {
  process.stderr.write(`The benchmark failed: ${err instanceof Error ? err.stack ?? err.message : String(err)}\n`)
  end(exitCodes.noEnd)
}

function end (code: number): void {
  stopAll().finally(() => process.exit(code))
}
