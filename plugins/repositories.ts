import fp from 'fastify-plugin'
import { createChat, type Chat } from '../domain/chat/repository.js'
import { type Accounts, createAccounts } from '../domain/users/accounts.js'
import { createPasswords } from '../domain/users/passwords.js'
import { createUsers, type Users } from '../domain/users/repository.js'
import { createSessions, type Sessions } from '../domain/users/sessions.js'
import { createTokens, type Tokens } from '../domain/users/tokens.js'

declare module 'fastify' {
  interface FastifyInstance { accounts: Accounts, chat: Chat, sessions: Sessions, tokens: Tokens, users: Users }
}

/** Who may touch the store, on one page. */
export default fp(async (app) => {
  const { store, config } = app
  const tokens = await createTokens(store, { issuer: config.PUBLIC_URL })
  const sessions = createSessions(store)
  const users = createUsers(store)
  const chat = createChat(store, users, {
    // Measured and logged like any task; what it leaves undone is taken up at the next start.
    defer: (task, work) => { app.timed(task, work).catch(() => {}) }
  })

  app.decorate('tokens', tokens)
  app.decorate('sessions', sessions)
  app.decorate('users', users)
  app.decorate('chat', chat)
  app.decorate('accounts', createAccounts({ store, sessions, tokens, passwords: createPasswords(), registration: config.REGISTRATION }))

  app.addHook('onReady', async () => { app.timed('purge_conversations', chat.purge, 'debug').catch(() => {}) })
  app.addHook('onClose', async () => {
    tokens.close()
    sessions.close()
  })
}, { name: 'repositories', dependencies: ['config', 'logging', 'store'] })
