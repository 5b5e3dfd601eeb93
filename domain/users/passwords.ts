import { randomBytes } from 'node:crypto'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import { limits } from './limits.js'
import { createQueue } from './queue.js'

export interface PasswordOptions { memoryKiB: number, passes: number, lanes: number, atOnce: number, waiting: number }

export type Passwords = ReturnType<typeof createPasswords>

/** OWASP's strength for argon2id. It may grow: each hash carries the parameters it was made with. */
const strength = { memoryKiB: 19_456, passes: 2, lanes: 1 }
const defaults: PasswordOptions = { ...strength, atOnce: limits.passwordsAtOnceMax, waiting: limits.passwordsWaitingMax }

/** Hashes and checks passwords with argon2id, off the event loop and a few at a time. */
export function createPasswords (options: Partial<PasswordOptions> = {}) {
  const { memoryKiB, passes, lanes, atOnce, waiting } = { ...defaults, ...options }
  const run = createQueue({ atOnce, waiting, retryAfterMs: limits.passwordsRetryAfterMs })
  const nobodys = madeUp(memoryKiB, passes, lanes)

  return {
    /** The hash in PHC form: algorithm, parameters, salt and digest in one text. */
    hash: (password: string): Promise<string> =>
      run(() => hash(plain(password), { memoryCost: memoryKiB, timeCost: passes, parallelism: lanes })),

    /** Where there is no such user, give null: that takes as long, and is false. */
    verify: (stored: string | null, password: string): Promise<boolean> =>
      run(async () => await verify(stored ?? nobodys, plain(password)) && stored !== null),

    same: (one: string, other: string): boolean => plain(one) === plain(other),

    /** Whether the parameters have grown since this hash was made. */
    outdated (stored: string): boolean {
      const { memoryCost, timeCost } = parseOptions(stored)
      return memoryCost < memoryKiB || timeCost < passes
    }
  }
}

/** One password typed on two keyboards is one text: accents may come composed or not. */
const plain = (password: string): string => password.normalize('NFKC')

/** A hash of today's strength that no password is known for. */
function madeUp (memoryKiB: number, passes: number, lanes: number): string {
  const random = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${random(16)}$${random(32)}`
}
