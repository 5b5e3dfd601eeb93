import { Type } from '@sinclair/typebox'
import type { Row, Store } from '../../storage/index.js'
import type { Caller } from '../caller.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { AppError } from '../errors.js'
import { requireMatch } from '../etags.js'
import { cleanDisplayName } from './display-names.js'
import { load, userDocuments as documents, type UserDocument } from './documents.js'
import { limits } from './limits.js'
import type { Me, User, UserPatch, UserQuery } from './schema.js'
import { foldName, skeleton } from './usernames.js'
import { viewMe, viewUser } from './views.js'

/** What is shown, and the version of the document that it was made from. */
export interface Versioned<T> { version: number, body: T }

export type Users = ReturnType<typeof createUsers>

const Place = Type.Object({ after: Type.String() })

/** Who there is, as far as whoever asks may see it. How one becomes a user is in ./accounts.ts. */
export function createUsers (store: Store) {
  return {
    /** For the rest of the domain: the user as anyone sees it, or null. */
    async find (id: string): Promise<User | null> {
      const user = await load(store, documents, id)
      return user && viewUser(user)
    },

    /** @throws user_not_found */
    async one (id: string): Promise<Versioned<User>> {
      const user = await load(store, documents, id)
      if (user === null) throw new AppError('user_not_found')
      return { version: user.version, body: viewUser(user) }
    },

    /** @throws user_not_found (only where the account went while its session lived) */
    async me ({ userId }: Caller): Promise<Versioned<Me>> {
      const user = await load(store, documents, userId)
      if (user === null) throw new AppError('user_not_found')
      return { version: user.version, body: viewMe(user) }
    },

    /** @throws validation_failed, precondition_failed, user_not_found */
    async change ({ userId }: Caller, patch: UserPatch, ifMatch?: string): Promise<Versioned<Me>> {
      const displayName = typeof patch.displayName === 'string' ? cleanDisplayName(patch.displayName) : patch.displayName
      const key = documents.key(userId)
      return store.commit<Versioned<Me>>([key], (current, sequence) => {
        const user = documents.read(userId, current.get(key))
        if (user === null) throw new AppError('user_not_found')
        requireMatch(ifMatch, user.version)
        if (displayName === undefined || displayName === user.displayName) return { result: { version: user.version, body: viewMe(user) } }
        const changed = { ...user, displayName }
        return { puts: [documents.put(changed)], result: { version: sequence, body: viewMe(changed) } }
      })
    },

    /** Users by id, oldest first. Those who come later stand behind every cursor, so no page shifts.
     *  @throws cursor_invalid */
    async page ({ q, limit, cursor }: UserQuery): Promise<{ items: User[], next: string | null }> {
      const wanted = q === undefined ? () => true : search(q)
      const range = { prefix: ['users'] as const, ...cursor !== undefined && { after: decodeCursor(Place, cursor).after } }
      const items: User[] = []
      let scanned = 0
      let last = ''
      for await (const row of store.scan(range)) {
        // One row more than is wanted tells whether there is a next page.
        if (items.length === limit || scanned === limits.usersScannedMax) return { items, next: encodeCursor({ after: last }) }
        const user = read(row)
        if (user !== null && wanted(user)) items.push(viewUser(user))
        last = String(row.key[1])
        scanned++
      }
      return { items, next: null }
    }
  }
}

function read ({ key: [, id], entry }: Row): UserDocument | null {
  return documents.read(String(id), entry)
}

/** Whoever is called, or looks, or is shown like this. */
function search (q: string): (user: UserDocument) => boolean {
  const [like, spelled] = [skeleton(foldName(q)), foldName(q)]
  return ({ username, displayName }) =>
    skeleton(foldName(username)).includes(like) || (displayName !== null && foldName(displayName).includes(spelled))
}
