import { randomUUID } from 'node:crypto'
import { generateKeyPair, jwtVerify, SignJWT } from 'jose'
import type { Caller } from '../domain/caller.js'
import { createBounded } from '../domain/users/bounded.js'

const limits = { tokensMax: 8192 }

/** Tokens of the same kind as NEXU's, checked the same way: the signature once, then a bounded memory of
 *  what was good; the session each time. */
export async function createBareTokens () {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const known = createBounded<Caller>(limits.tokensMax)
  const sessions = new Set<string>()

  async function verify (token: string): Promise<Caller> {
    const { payload } = await jwtVerify(token, publicKey, { algorithms: ['EdDSA'], typ: 'at+jwt', issuer: 'bare' })
    const caller = { userId: String(payload.sub), sessionId: String(payload['sid']) }
    known.set(token, caller)
    return caller
  }

  return {
    async issue (): Promise<string> {
      const sid = randomUUID()
      sessions.add(sid)
      return new SignJWT({ sid }).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
        .setSubject(randomUUID()).setIssuer('bare').setIssuedAt().setExpirationTime('1h').sign(privateKey)
    },

    /** Who asks, by the `Authorization` header; null for whoever may not. */
    async callerOf (header: string | undefined): Promise<Caller | null> {
      const token = header?.slice('Bearer '.length) ?? ''
      const caller = known.get(token) ?? await verify(token).catch(() => null)
      return caller !== null && sessions.has(caller.sessionId) ? caller : null
    }
  }
}
