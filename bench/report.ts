import { cpus, loadavg } from 'node:os'
import type { Bench } from './benches.js'
import { cores, isPinned } from './processes.js'
import type { Pace, Round, Sample } from './rounds.js'

/** With more load on the generator, or less on a server that should be at its limit, a rate tells nothing of the server. */
const GENERATOR_LOAD_MAX = 0.8
const SERVER_LOAD_MIN = 0.9

export interface Row { bench: Bench, rounds: Round[] }

export function median (values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

const rate = ({ operations, seconds }: Sample): number => operations / seconds
const countOf = (value: number): string => Math.round(value).toLocaleString('en')
const micro = (ns: number): string => Number.isNaN(ns) ? '-' : (ns / 1000).toPrecision(3)
const percent = (share: number): string => Number.isNaN(share) ? '-' : `${Math.round(share * 100)} %`

/** Whether the server or its disk was what limited these runs. */
function isServerTheLimit ({ bench: { limit }, rounds }: Row): boolean {
  const samples = rounds.flatMap(({ nexu, bare }) => [nexu, bare])
  const generator = median(samples.map(({ generatorLoad }) => generatorLoad))
  const server = median(samples.map(({ serverLoad }) => serverLoad ?? 1))
  return generator <= GENERATOR_LOAD_MAX && (limit === 'disk' || server >= SERVER_LOAD_MIN)
}

/** NEXU as a share of the bare server: by what each did in the same time where a server or its disk was the
 *  limit, else by the processor time that each needed. 1 is as fast, 0.5 half as fast. */
function ratioOf (row: Row): { ratio: number, by: 'rate' | 'CPU', spread: string, cpuRatio: number } {
  const cpu = row.rounds.map(({ nexu, bare }) => (bare.serverNs ?? NaN) / (nexu.serverNs ?? NaN))
  const rates = row.rounds.map(({ nexu, bare }) => rate(nexu) / rate(bare))
  const cpuRatio = median(cpu)
  const counted = isServerTheLimit(row) || Number.isNaN(cpuRatio) ? rates : cpu
  const spread = `${Math.min(...counted).toFixed(2)}-${Math.max(...counted).toFixed(2)}`
  return { ratio: median(counted), by: counted === cpu ? 'CPU' : 'rate', spread, cpuRatio }
}

const columns = (peer: string): string[] => [
  'bench', 'ratio', 'of', 'spread', 'CPU ratio', 'NEXU /s', `${peer} /s`, 'NEXU µs CPU', `${peer} µs CPU`, 'NEXU p50 / p99 ms', `${peer} p50 / p99 ms`,
  'NEXU load', `${peer} load`, 'generator load', 'NEXU syncs', `${peer} syncs`, 'errors'
]

function cells (row: Row): string[] {
  const { bench, rounds } = row
  const nexu = rounds.map((round) => round.nexu)
  const bare = rounds.map((round) => round.bare)
  const { ratio, by, spread, cpuRatio } = ratioOf(row)
  const of = (samples: Sample[], value: (sample: Sample) => number | null): number => median(samples.map((each) => value(each) ?? NaN))
  const waits = (samples: Sample[]): string => `${of(samples, ({ p50Ms }) => p50Ms).toFixed(2)} / ${of(samples, ({ p99Ms }) => p99Ms).toFixed(1)}`
  const messages = (sample: Sample): number => bench.unit === 'messages' ? sample.operations : sample.sent
  const syncs = (samples: Sample[]): string => bench.sendsTo === undefined ? '-' : of(samples, (each) => each.groups / messages(each)).toFixed(3)
  const generators = [...nexu, ...bare].map(({ generatorLoad }) => generatorLoad)
  return [
    bench.name, `**${ratio.toFixed(2)}**`, by, spread, cpuRatio.toFixed(2),
    countOf(of(nexu, rate)), countOf(of(bare, rate)),
    micro(of(nexu, ({ serverNs }) => serverNs)), micro(of(bare, ({ serverNs }) => serverNs)),
    waits(nexu), waits(bare),
    percent(of(nexu, ({ serverLoad }) => serverLoad)), percent(of(bare, ({ serverLoad }) => serverLoad)), percent(median(generators)),
    syncs(nexu), syncs(bare),
    String([...nexu, ...bare].reduce((sum, { errors }) => sum + errors, 0))
  ]
}

const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`

/** The result as markdown. `peer` is what NEXU was measured beside. */
export function table (rows: readonly Row[], peer: string): string {
  const heads = columns(peer)
  return [line(heads), line(heads.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n')
}

/** Every wrong answer, with the first words of one of its kind. */
export function faults (rows: readonly Row[]): string[] {
  return rows.flatMap(({ bench, rounds }) => rounds.flatMap((round, number) => (['nexu', 'bare'] as const).flatMap((name) => {
    const { errors, firstError } = round[name]
    return errors === 0 ? [] : [`${bench.name}, round ${number + 1}, ${name}: ${errors} errors, the first one: ${firstError}`]
  })))
}

/** Where and how the figures came about. */
export function circumstances ({ rounds, durationMs }: Pace): string {
  const pinned = isPinned ? `server on core ${cores.server}, generator on core ${cores.generator}` : 'not pinned: `taskset` or a second core is missing'
  return `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), load ${loadavg()[0]?.toFixed(1)}; ${pinned}; median of ${rounds} interleaved rounds of ${durationMs / 1000} s.`
}
