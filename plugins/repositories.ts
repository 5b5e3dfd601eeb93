import fp from 'fastify-plugin'
import { type Accounts, createAccounts } from '../domain/users/accounts.js'
import { createPasswords } from '../domain/users/passwords.js'
import { createUsers, type Users } from '../domain/users/repository.js'
import { createSessions, type Sessions } from '../domain/users/sessions.js'
import { createTokens, type Tokens } from '../domain/users/tokens.js'

declare module 'fastify' {
  interface FastifyInstance { accounts: Accounts, sessions: Sessions, tokens: Tokens, users: Users }
}

/** Who may touch the store, on one page. */
export default fp(async (app) => {
  const { store, config } = app
  const tokens = await createTokens(store)
  const sessions = createSessions(store)

  app.decorate('tokens', tokens)
  app.decorate('sessions', sessions)
  app.decorate('users', createUsers(store))
  app.decorate('accounts', createAccounts({ store, sessions, tokens, passwords: createPasswords(), registration: config.REGISTRATION }))

  app.addHook('onClose', async () => {
    tokens.close()
    sessions.close()
  })
}, { name: 'repositories', dependencies: ['store'] })
