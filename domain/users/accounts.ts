import type { Store } from '../../storage/index.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { newId } from '../ids.js'
import { cleanDisplayName } from './display-names.js'
import {
  credentialsDocuments, type CredentialsDocument, load, nameDocuments, type SessionDocument, userDocuments, type UserDocument, userSessionsDocuments
} from './documents.js'
import type { Passwords } from './passwords.js'
import { writeRefreshToken } from './refresh-tokens.js'
import type { Login, PasswordChange, Registration, SignedIn } from './schema.js'
import { closing, type Device, draftSession, opening, viewSession } from './session-rules.js'
import type { Sessions } from './sessions.js'
import type { Tokens } from './tokens.js'
import { cleanName, foldName, skeleton, skeletonsOf } from './usernames.js'
import { viewMe } from './views.js'

export interface AccountOptions {
  store: Store
  passwords: Passwords
  sessions: Sessions
  tokens: Tokens
  /** Whether strangers may make an account. */
  registration: 'open' | 'closed'
  now?: () => number
}

interface Account { user: UserDocument, credentials: CredentialsDocument }

export type Accounts = ReturnType<typeof createAccounts>

/** Everything that takes a secret from a person and gives one back: to register, to sign in, to stay
 *  signed in, to change the password. */
export function createAccounts ({ store, passwords, sessions, tokens, registration, now = Date.now }: AccountOptions) {
  const blind = (text: string): string => store.blind('username', text)

  /** The account that somebody means by what they typed. One that merely looks alike is not it. */
  async function find (typed: string): Promise<Account | null> {
    const folded = foldName(typed)
    const name = await load(store, nameDocuments, blind(skeleton(folded)))
    if (name === null) return null
    const [user, credentials] = await Promise.all([load(store, userDocuments, name.userId), load(store, credentialsDocuments, name.userId)])
    if (user === null || credentials === null || foldName(user.username) !== folded) return null
    return { user, credentials }
  }

  async function signedIn (user: UserDocument, session: SessionDocument): Promise<SignedIn> {
    const caller = { userId: user.id, sessionId: session.id }
    return {
      user: viewMe(user),
      ...await tokens.sign(caller, session.expiresAt),
      tokenType: 'Bearer',
      refreshToken: writeRefreshToken(session.id, session.counter, session.refreshKey),
      session: viewSession(session, caller)
    }
  }

  /** A stronger hash can wait for the next login where too many are signing in at once. */
  async function rehash (password: string, present: string): Promise<string> {
    try {
      return await passwords.hash(password)
    } catch (err) {
      if (err instanceof AppError && err.code === 'login_busy') return present
      throw err
    }
  }

  return {
    /** Makes an account and signs it in, all in one batch: the name is taken or nothing happened.
     *  @throws registration_closed, name_invalid, name_taken, login_busy */
    async register (input: Registration, device: Device): Promise<SignedIn> {
      if (registration === 'closed') throw new AppError('registration_closed')
      const username = cleanName(input.username)
      const displayName = input.displayName === undefined ? null : cleanDisplayName(input.displayName)
      const hash = await passwords.hash(input.password)
      const at = now()
      const user: UserDocument = { id: newId(), createdAt: at, status: 'active', username, displayName }
      const session = draftSession(user.id, device, at)
      const claims = skeletonsOf(username).map(blind)

      await store.commit(claims.map(nameDocuments.key), (current) => {
        if (claims.some((claim) => current.get(nameDocuments.key(claim)) !== null)) throw new AppError('name_taken')
        const { puts, deletes } = opening(null, session)
        const mine = [userDocuments.put(user), credentialsDocuments.put({ id: user.id, changedAt: at, hash })]
        return { puts: [...mine, ...claims.map((id) => nameDocuments.put({ id, userId: user.id })), ...puts], deletes, result: undefined }
      })
      return signedIn(user, session)
    },

    /** A session for who knows the password. An unknown name takes as long and sounds the same.
     *  @throws credentials_invalid, login_busy */
    async login ({ username, password }: Login, device: Device): Promise<SignedIn> {
      const found = await find(username)
      const known = await passwords.verify(found?.credentials.hash ?? null, password)
      if (found === null || !known) throw new AppError('credentials_invalid')
      const { user, credentials } = found
      const hash = passwords.outdated(credentials.hash) ? await rehash(password, credentials.hash) : credentials.hash
      const session = draftSession(user.id, device, now())
      const [mine, list] = [credentialsDocuments.key(user.id), userSessionsDocuments.key(user.id)]

      await store.commit([mine, list], (current) => {
        requireUnchanged(credentials, credentialsDocuments.read(user.id, current.get(mine)))
        const { puts, deletes } = opening(userSessionsDocuments.read(user.id, current.get(list)), session)
        const stronger = hash === credentials.hash ? [] : [credentialsDocuments.put({ ...credentials, hash })]
        return { puts: [...stronger, ...puts], deletes, result: undefined }
      })
      return signedIn(user, session)
    },

    /** New tokens for an old refresh token; see Sessions.renew.
     *  @throws refresh_token_invalid, refresh_token_reused */
    async refresh (refreshToken: string): Promise<SignedIn> {
      const session = await sessions.renew(refreshToken)
      const user = await load(store, userDocuments, session.userId)
      if (user === null) throw new AppError('refresh_token_invalid')
      return signedIn(user, session)
    },

    /** Sets another password and ends every session but the caller's, in one batch.
     *  @throws password_wrong, password_unchanged, session_ended, login_busy */
    async changePassword ({ userId, sessionId }: Caller, { currentPassword, newPassword }: PasswordChange): Promise<void> {
      const [mine, list] = [credentialsDocuments.key(userId), userSessionsDocuments.key(userId)]
      const credentials = await load(store, credentialsDocuments, userId)
      const known = await passwords.verify(credentials?.hash ?? null, currentPassword)
      // Not 401: the token is good, and a client that signs out for a slip of the finger helps nobody.
      if (credentials === null || !known) throw new AppError('password_wrong')
      if (passwords.same(currentPassword, newPassword)) throw new AppError('password_unchanged')
      const hash = await passwords.hash(newPassword)
      // It also tells one password from the next, so that it has to grow whatever the clock says.
      const changedAt = Math.max(now(), credentials.changedAt + 1)

      await store.commit([mine, list], (current) => {
        requireUnchanged(credentials, credentialsDocuments.read(userId, current.get(mine)))
        const present = userSessionsDocuments.read(userId, current.get(list))
        if (!present?.sessions.includes(sessionId)) throw new AppError('session_ended')
        const { puts, deletes } = closing(present, present.sessions.filter((id) => id !== sessionId))
        return { puts: [credentialsDocuments.put({ id: userId, changedAt, hash }), ...puts], deletes, result: undefined }
      })
    }
  }
}

/** The password that was checked must still be the one that counts: it may have been changed while a login
 *  was under way, and such a login must not outlive the change. */
function requireUnchanged (checked: CredentialsDocument, present: CredentialsDocument | null): void {
  if (present?.changedAt !== checked.changedAt) throw new AppError('credentials_invalid')
}
