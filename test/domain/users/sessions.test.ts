import t from 'tap'
import { limits } from '../../../domain/users/limits.js'
import { readRefreshToken } from '../../../domain/users/refresh-tokens.js'
import { build, device, secret } from './house.js'

const dayMs = 86_400_000

t.test('refresh', async (t) => {
  t.test('gives the next token, and the session lives on', async (t) => {
    const { join, accounts, tokens, clock } = await build(t)
    const ana = await join('ana')
    clock.at += 10 * dayMs
    const next = await accounts.refresh(ana.refreshToken)
    t.not(next.refreshToken, ana.refreshToken)
    t.match(next, { user: { id: ana.user.id }, session: { id: ana.session.id, usedAt: '2025-11-20T14:20:01.500Z', expiresAt: '2025-12-20T14:20:01.500Z' } })
    await t.resolves(tokens.verify(next.accessToken))
    await t.resolves(accounts.refresh(next.refreshToken))
  })

  t.test('two at once get the same next token, and nobody is signed out', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const ana = await join('ana')
    const answers = await Promise.all([1, 2, 3, 4].map(() => accounts.refresh(ana.refreshToken)))
    t.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 1)
    t.equal(await sessions.isLive(ana.session.id), true)
    await t.resolves(accounts.refresh(answers[3]?.refreshToken ?? ''))
  })

  t.test('an answer that was lost may be fetched again within the grace, and not after it', async (t) => {
    const { join, accounts, clock, sessions } = await build(t)
    const ana = await join('ana')
    const next = await accounts.refresh(ana.refreshToken)
    clock.at += limits.refreshGraceMs
    t.equal((await accounts.refresh(ana.refreshToken)).refreshToken, next.refreshToken)
    clock.at += 1
    await t.rejects(accounts.refresh(ana.refreshToken), { code: 'refresh_token_reused' })
    t.equal(await sessions.isLive(ana.session.id), false)
  })

  t.test('a token used twice ends both holders', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const ana = await join('ana')
    const ended: string[] = []
    sessions.watch((id) => ended.push(id))
    const second = await accounts.refresh(ana.refreshToken)
    const third = await accounts.refresh(second.refreshToken)
    await t.rejects(accounts.refresh(ana.refreshToken), { code: 'refresh_token_reused' })
    t.same(ended, [ana.session.id])
    for (const token of [ana, second, third]) await t.rejects(accounts.refresh(token.refreshToken), { code: 'refresh_token_invalid' })
  })

  t.test('a stale token and a good one at the same moment leave nothing alive', async (t) => {
    const { join, accounts, sessions, clock } = await build(t)
    const ana = await join('ana')
    const second = await accounts.refresh(ana.refreshToken)
    clock.at += limits.refreshGraceMs + 1
    await Promise.allSettled([accounts.refresh(second.refreshToken), accounts.refresh(ana.refreshToken), accounts.refresh(second.refreshToken)])
    t.equal(await sessions.isLive(ana.session.id), false)
    t.same(await sessions.list(ana.caller), [])
  })

  t.test('a forged, foreign or broken token is refused and harms nobody', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const [ana, bea] = [await join('ana'), await join('bea')]
    const [head = '', counter = '', mac = ''] = ana.refreshToken.split('.')
    const forged = [
      '', 'nxr_', 'x'.repeat(128), ana.accessToken, `${head}.${counter}`, `${head}.1.${mac}`, `${head}.00.${mac}`, `${head}.-1.${mac}`, `${head}.9999999999.${mac}`,
      `${head}.${counter}.${'A'.repeat(43)}`, `${head}.${counter}.${bea.refreshToken.split('.')[2]}`, `${bea.refreshToken.split('.')[0]}.${counter}.${mac}`,
      ` ${ana.refreshToken}`, `${ana.refreshToken}\n`, `nxr_00000000-0000-7000-8000-000000000000.0.${mac}`
    ]
    for (const token of forged) await t.rejects(accounts.refresh(token), { code: 'refresh_token_invalid' }, JSON.stringify(token))
    t.same([await sessions.isLive(ana.session.id), await sessions.isLive(bea.session.id)], [true, true])
    await t.resolves(accounts.refresh(ana.refreshToken))
  })

  t.test('an unused session ends after a month, a used one after half a year', async (t) => {
    const { join, accounts, clock, sessions } = await build(t)
    const [ana, bea] = [await join('ana'), await join('bea')]
    let { refreshToken } = bea
    let last = bea.session
    for (let day = 0; day < 180; day += 20) ({ refreshToken, session: last } = (clock.at += 20 * dayMs - 1, await accounts.refresh(refreshToken)))
    t.equal(Date.parse(last.expiresAt) - Date.parse(last.createdAt), limits.sessionMs)
    await t.rejects(accounts.refresh(ana.refreshToken), { code: 'refresh_token_invalid' })
    t.same(await sessions.list(ana.caller), [])
    clock.at = Date.parse(last.expiresAt)
    await t.rejects(accounts.refresh(refreshToken), { code: 'refresh_token_invalid' })
  })

  t.test('an access token never outlives its session', async (t) => {
    const { join, accounts, clock } = await build(t)
    const ana = await join('ana')
    let { refreshToken } = ana
    for (let day = 0; day < 160; day += 20) ({ refreshToken } = (clock.at += 20 * dayMs, await accounts.refresh(refreshToken)))
    clock.at += 20 * dayMs - 60_000
    const { expiresIn } = await accounts.refresh(refreshToken)
    t.ok(expiresIn > 0 && expiresIn <= 60, `${expiresIn} s`)
  })
})

t.test('end', async (t) => {
  t.test('ends one of one\'s own, at once and for good', async (t) => {
    const { join, accounts, sessions } = await build(t)
    const ana = await join('ana')
    const other = await accounts.login({ username: 'ana', password: secret }, device)
    t.equal(await sessions.isLive(other.session.id), true)
    t.equal(sessions.isLive(other.session.id), true, 'answered from memory')
    await sessions.end(ana.caller, other.session.id)
    t.equal(await sessions.isLive(other.session.id), false)
    t.match(await sessions.list(ana.caller), [{ id: ana.session.id, current: true }])
    await t.rejects(accounts.refresh(other.refreshToken), { code: 'refresh_token_invalid' })
    await t.rejects(sessions.end(ana.caller, other.session.id), { code: 'session_not_found' })
  })

  t.test('somebody else\'s session is not there', async (t) => {
    const { join, sessions } = await build(t)
    const [ana, bea] = [await join('ana'), await join('bea')]
    await t.rejects(sessions.end(ana.caller, bea.session.id), { code: 'session_not_found' })
    t.equal(await sessions.isLive(bea.session.id), true)
    t.notMatch(await sessions.list(ana.caller), [{ id: bea.session.id }])
  })

  t.test('a session that ends while it is looked up is not remembered as live', async (t) => {
    const { join, sessions } = await build(t)
    const ana = await join('ana')
    const [, ending] = [sessions.isLive(ana.session.id), sessions.end(ana.caller, ana.session.id)]
    await ending
    t.equal(await sessions.isLive(ana.session.id), false)
  })

  t.test('a watch ends when asked to', async (t) => {
    const { join, sessions } = await build(t)
    const ana = await join('ana')
    const seen: string[] = []
    const stop = sessions.watch((id) => seen.push(id))
    stop()
    await sessions.end(ana.caller, ana.caller.sessionId)
    t.same(seen, [])
  })
})

t.test('readRefreshToken takes only the one spelling', async (t) => {
  const mac = 'A'.repeat(43)
  t.match(readRefreshToken(`nxr_0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10.12.${mac}`), { sessionId: '0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10', counter: 12 })
  for (const bad of ['12', '012', '+1', '1e3', '12.', '']) t.equal(readRefreshToken(`nxr_0198c5a2-7c1e-7b4a-9f0e-3d5b8a6c2e10.${bad}.${mac}x`), null, bad)
})
