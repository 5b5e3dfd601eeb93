import type { Test } from 'tap'
import { createAccounts } from '../../../domain/users/accounts.js'
import { createPasswords, type PasswordOptions } from '../../../domain/users/passwords.js'
import { createUsers } from '../../../domain/users/repository.js'
import { createSessions } from '../../../domain/users/sessions.js'
import { createTokens } from '../../../domain/users/tokens.js'
import { createMemoryStore, type Store } from '../../../storage/index.js'

export const device = { userAgent: 'test', address: '192.0.2.7' }
export const secret = 'correct horse'

export interface HouseOptions { store?: Store, passwords?: Partial<PasswordOptions>, registration?: 'open' | 'closed' }

/** Everything about users on an empty store, with a clock that only the test moves, and passwords that
 *  cost next to nothing. */
export async function build (t: Test, { store: given, passwords: options, registration = 'open' }: HouseOptions = {}) {
  const store = given ?? await createMemoryStore()
  const clock = { at: Date.parse('2025-11-10T14:20:01.500Z') }
  const now = (): number => clock.at
  const passwords = createPasswords({ memoryKiB: 64, passes: 1, ...options })
  const sessions = createSessions(store, now)
  const tokens = await createTokens(store, { now })
  const accounts = createAccounts({ store, passwords, sessions, tokens, registration, now })
  if (given === undefined) t.teardown(() => store.close())

  return {
    store,
    clock,
    passwords,
    sessions,
    tokens,
    accounts,
    users: createUsers(store),
    /** Registers somebody, and says who they are from then on. */
    async join (username: string) {
      const signedIn = await accounts.register({ username, password: secret }, device)
      return { ...signedIn, caller: { userId: signedIn.user.id, sessionId: signedIn.session.id } }
    }
  }
}
