import { parseArgs, type ParseArgsConfig } from 'node:util'

export interface Verb {
  /** One line for the list of verbs. */
  summary: string
  help: string
  run (args: string[]): Promise<void>
}

/** A call that the command does not understand. */
export class UsageError extends Error {
  /** EX_USAGE of sysexits.h. */
  readonly exitCode = 64
}

/** The options of one verb; anything else is a usage error that shows the help.
 *  @throws UsageError */
export function parseOptions<T extends NonNullable<ParseArgsConfig['options']>> (args: string[], options: T, help: string) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values
  } catch (err) {
    throw new UsageError(`${err instanceof Error ? err.message : String(err)}\n\n${help}`)
  }
}
