import t from 'tap'
import { AppError } from '../../../domain/errors.js'
import { createAccounts } from '../../../domain/users/accounts.js'
import { credentialsDocuments, load } from '../../../domain/users/documents.js'
import { limits } from '../../../domain/users/limits.js'
import { createPasswords } from '../../../domain/users/passwords.js'
import { build, device, secret } from './house.js'

t.test('register', async (t) => {
  t.test('makes an account and signs it in', async (t) => {
    const { accounts, tokens, sessions, clock } = await build(t)
    const made = await accounts.register({ username: 'ＡＮＡ', password: secret, displayName: ' Ana  García ' }, device)
    t.match(made, {
      user: { username: 'ANA', displayName: 'Ana García', createdAt: '2025-11-10T14:20:01.500Z', status: 'active' },
      tokenType: 'Bearer',
      refreshToken: /^nxr_/,
      session: { userAgent: 'test', address: '192.0.2.7', current: true, expiresAt: '2025-12-10T14:20:01.500Z' }
    })
    const { caller, expiresAt } = await tokens.verify(made.accessToken)
    t.same(caller, { userId: made.user.id, sessionId: made.session.id })
    t.ok(expiresAt - clock.at <= 900_000 && expiresAt - clock.at > 899_000)
    t.equal(await sessions.isLive(caller.sessionId), true)
  })

  t.test('refuses names that look or sound alike', async (t) => {
    const { join } = await build(t)
    await join('PaypaI')
    for (const name of ['paypal', 'PAYPAL', 'paypai', 'раураӏ', 'paypa1', 'ｐａｙｐａｌ']) await t.rejects(join(name), { code: 'name_taken' }, name)
    await t.rejects(join('pаypаl'), { code: 'name_invalid' })
  })

  t.test('of fifty who want one name at once one gets it, and the rest leave nothing behind', async (t) => {
    const { join, store } = await build(t)
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => join(i % 2 === 0 ? 'mara' : 'RNARA')))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const kind of ['users', 'credentials', 'usernames', 'sessions', 'user-sessions']) {
      let rows = 0
      for await (const { key } of store.scan({ prefix: [kind] })) rows += key.length > 0 ? 1 : 0
      t.equal(rows, 1, kind)
    }
  })

  t.test('may be closed', async (t) => {
    const { join } = await build(t, { registration: 'closed' })
    await t.rejects(join('ana'), { code: 'registration_closed' })
  })
})

t.test('login', async (t) => {
  t.test('takes the name in any case or width', async (t) => {
    const { join, accounts } = await build(t)
    const ana = await join('Ana')
    for (const username of ['Ana', 'ana', 'ANA', 'ａｎａ']) t.match(await accounts.login({ username, password: secret }, device), { user: { id: ana.user.id } })
  })

  t.test('does not take a name that only looks the same', async (t) => {
    const { join, accounts } = await build(t)
    await join('PaypaI')
    for (const username of ['paypal', 'раураӏ']) await t.rejects(accounts.login({ username, password: secret }, device), { code: 'credentials_invalid' }, username)
  })

  t.test('answers the same for a wrong password, an unknown name and no name at all, after the same work', async (t) => {
    const { join, accounts, passwords, store, sessions, tokens } = await build(t)
    await join('ana')
    const verified: boolean[] = []
    const verify = async (stored: string | null, password: string) => {
      verified.push(stored !== null)
      return passwords.verify(stored, password)
    }
    const watched = createAccounts({ store, sessions, tokens, passwords: { ...passwords, verify }, registration: 'open' })
    for (const username of ['ana', 'nobody', '\u0000 no name \u202e']) {
      await t.rejects(watched.login({ username, password: 'wrong horse' }, device), { code: 'credentials_invalid' }, username)
    }
    t.same(verified, [true, false, false])
    await t.resolves(accounts.login({ username: 'ana', password: secret }, device))
  })

  t.test('makes a hash stronger once its parameters have grown', async (t) => {
    const { join, accounts, store, sessions, tokens } = await build(t)
    const ana = await join('ana')
    const passwords = createPasswords({ memoryKiB: 128, passes: 2 })
    const grown = createAccounts({ store, sessions, tokens, passwords, registration: 'open' })
    const stored = async () => (await load(store, credentialsDocuments, ana.user.id))?.hash ?? ''
    t.match(await stored(), /m=64,t=1/)
    await Promise.all([1, 2, 3].map(() => grown.login({ username: 'ana', password: secret }, device)))
    t.match(await stored(), /m=128,t=2/)
    const once = await stored()
    await grown.login({ username: 'ana', password: secret }, device)
    t.equal(await stored(), once)
    await t.resolves(accounts.login({ username: 'ana', password: secret }, device), 'a weaker server does not weaken it')
    t.equal(await stored(), once)
  })

  t.test('lets somebody in whose hash can not be made stronger just now', async (t) => {
    const { join, accounts, store, sessions, tokens } = await build(t)
    const ana = await join('ana')
    const crowded = {
      ...createPasswords({ memoryKiB: 128, passes: 2 }),
      async hash () { throw new AppError('login_busy') }
    }
    await t.resolves(createAccounts({ store, sessions, tokens, passwords: crowded, registration: 'open' }).login({ username: 'ana', password: secret }, device))
    t.match((await load(store, credentialsDocuments, ana.user.id))?.hash, /m=64,t=1/, 'the hash waits for another login')
    await t.resolves(accounts.login({ username: 'ana', password: secret }, device))
  })

  t.test('one session too many ends the oldest', async (t) => {
    const { join, accounts, sessions } = await build(t, { passwords: { waiting: limits.sessionsPerUserMax } })
    const ana = await join('ana')
    await Promise.all(Array.from({ length: limits.sessionsPerUserMax }, () => accounts.login({ username: 'ana', password: secret }, device)))
    t.equal(await sessions.isLive(ana.caller.sessionId), false)
    t.equal((await sessions.list(ana.caller)).length, limits.sessionsPerUserMax)
  })
})

t.test('changePassword', async (t) => {
  t.test('ends every other session, and only the new password opens', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const ana = await join('ana')
    const others = await Promise.all([1, 2, 3].map(() => accounts.login({ username: 'ana', password: secret }, device)))
    const ended: string[] = []
    sessions.watch((id) => ended.push(id))
    await accounts.changePassword(ana.caller, { currentPassword: secret, newPassword: 'battery staple' })
    t.same(ended.sort(), others.map(({ session }) => session.id).sort())
    t.same((await sessions.list(ana.caller)).map(({ id }) => id), [ana.session.id])
    for (const { refreshToken } of others) await t.rejects(accounts.refresh(refreshToken), { code: 'refresh_token_invalid' })
    await t.rejects(accounts.login({ username: 'ana', password: secret }, device), { code: 'credentials_invalid' })
    await t.resolves(accounts.login({ username: 'ana', password: 'battery staple' }, device))
  })

  t.test('wants the current one, and another one', async (t) => {
    const { join, accounts } = await build(t)
    const { caller } = await join('ana')
    await t.rejects(accounts.changePassword(caller, { currentPassword: 'wrong horse', newPassword: 'battery staple' }), { code: 'password_wrong' })
    await t.rejects(accounts.changePassword(caller, { currentPassword: secret, newPassword: secret }), { code: 'password_unchanged' })
  })

  t.test('a login that was checked against the old password does not outlive the change', async (t) => {
    const { join, accounts, passwords, store, sessions, tokens } = await build(t)
    const { caller } = await join('ana')
    const slow = createAccounts({
      store,
      sessions,
      tokens,
      registration: 'open',
      passwords: {
        ...passwords,
        async verify (stored, password) {
          const known = await passwords.verify(stored, password)
          await accounts.changePassword(caller, { currentPassword: secret, newPassword: 'battery staple' })
          return known
        }
      }
    })
    await t.rejects(slow.login({ username: 'ana', password: secret }, device), { code: 'credentials_invalid' })
    t.equal((await sessions.list(caller)).length, 1)
  })

  t.test('of two changes at once one wins', async (t) => {
    const { join, accounts } = await build(t)
    const { caller } = await join('ana')
    const results = await Promise.allSettled(['battery staple', 'staple battery'].map((newPassword) =>
      accounts.changePassword(caller, { currentPassword: secret, newPassword })))
    t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })

  t.test('a session that ended meanwhile changes nothing', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const { caller } = await join('ana')
    await sessions.end(caller, caller.sessionId)
    await t.rejects(accounts.changePassword(caller, { currentPassword: secret, newPassword: 'battery staple' }), { code: 'session_ended' })
  })
})
