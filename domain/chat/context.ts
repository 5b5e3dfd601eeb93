import type { Store } from '../../storage/store.js'
import { AppError } from '../errors.js'

/** All that chat needs to know of users: whether there is one. */
export interface KnownUsers { find (id: string): Promise<unknown> }

/** What every part of chat works with. */
export interface ChatContext {
  store: Store
  users: KnownUsers
  /** Milliseconds since 1970. */
  now: () => number
  /** Runs work that nobody waits for. What it leaves undone is taken up by `purge` at the next start. */
  defer: (task: string, work: () => Promise<void>) => void
}

export const timestamp = (ms: number): string => new Date(ms).toISOString()

/** @throws AppError user_not_found */
export async function assertUser (users: KnownUsers, id: string): Promise<void> {
  if (!await users.find(id)) throw new AppError('user_not_found')
}
