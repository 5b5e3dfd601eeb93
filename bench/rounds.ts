import type { Bench } from './benches.js'
import type { Generator, Measured } from './generator.js'
import type { Target } from './target.js'

/** One measurement of one server, with what was made durable meanwhile. */
export interface Sample extends Measured { groups: number }

export interface Round { nexu: Sample, bare: Sample }

export interface Pace { rounds: number, durationMs: number, warmUpMs: number }

/** NEXU, and what it is measured beside. */
export type Targets = Record<keyof Round, Target>

/** Measures both servers in turn, each time the other one first, so that what else the machine does and
 *  what it becomes over time meets both alike. */
export async function measure (generator: Generator, targets: Targets, bench: Bench, pace: Pace): Promise<Round[]> {
  const one = (target: Target, durationMs: number) => sample(generator, target, bench, durationMs)
  await one(targets.nexu, pace.warmUpMs)
  await one(targets.bare, pace.warmUpMs)
  const rounds: Round[] = []
  for (let number = 0; number < pace.rounds; number++) {
    if (number % 2 === 0) {
      const nexu = await one(targets.nexu, pace.durationMs)
      rounds.push({ nexu, bare: await one(targets.bare, pace.durationMs) })
    } else {
      const bare = await one(targets.bare, pace.durationMs)
      rounds.push({ nexu: await one(targets.nexu, pace.durationMs), bare })
    }
  }
  return rounds
}

async function sample (generator: Generator, target: Target, { sendsTo, unit, job }: Bench, durationMs: number): Promise<Sample> {
  const conversation = sendsTo === undefined ? null : target.conversations[sendsTo]
  const before = conversation === null ? 0 : await target.head(conversation)
  const groups = await target.groups()
  const measured = await generator.measure(target.process, job(target, durationMs))
  const result = { ...measured, groups: await target.groups() - groups }
  if (conversation === null) return result
  const acknowledged = unit === 'messages' ? measured.operations : measured.sent
  const lost = acknowledged - (await target.head(conversation) - before)
  return lost === 0 ? result : { ...result, errors: result.errors + Math.abs(lost), firstError: result.firstError ?? `${lost} acknowledged messages are not there` }
}
