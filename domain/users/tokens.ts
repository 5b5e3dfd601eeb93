import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { errors, type JWTHeaderParameters, jwtVerify, SignJWT } from 'jose'
import type { Store } from '../../storage/index.js'
import type { Caller } from '../caller.js'
import { AppError } from '../errors.js'
import { newId } from '../ids.js'
import '../schema.js'
import { createBounded } from './bounded.js'
import { limits } from './limits.js'
import { createSigningKeys } from './signing-keys.js'

export interface TokenOptions {
  /** Who issues the tokens and who they are for. */
  issuer?: string
  audience?: string
  now?: () => number
}

/** What a good access token says. `expiresAt` is in milliseconds since 1970. */
export interface Verified { readonly caller: Caller, readonly expiresAt: number }

export type Tokens = Awaited<ReturnType<typeof createTokens>>

const algorithm = 'EdDSA'
const type = 'at+jwt'
const Claims = TypeCompiler.Compile(Type.Object({
  sub: Type.String({ format: 'uuid' }),
  sid: Type.String({ format: 'uuid' }),
  exp: Type.Integer(),
  jti: Type.String()
}))

/** Signs and checks access tokens (RFC 9068). Everything that RFC 8725 wants pinned is pinned: algorithm,
 *  type, issuer, audience, and keys from our own store only. */
export async function createTokens (store: Store, { issuer = 'nexu', audience = 'nexu', now = Date.now }: TokenOptions = {}) {
  const keys = await createSigningKeys(store, now)
  const verified = createBounded<Verified>(limits.verifiedTokensMax)

  /** jose takes no key from the token itself: neither `jwk` nor `jku` is looked at. */
  function keyOf ({ kid = '' }: JWTHeaderParameters) {
    const key = keys.find(kid)
    if (key === undefined) throw new AppError('token_invalid')
    return key.publicKey
  }

  async function check (token: string): Promise<Verified> {
    if (!wellFormed(token)) throw new AppError('token_invalid')
    const { payload } = await jwtVerify(token, keyOf, {
      algorithms: [algorithm],
      typ: type,
      issuer,
      audience,
      requiredClaims: ['sub', 'sid', 'exp', 'iat', 'jti'],
      currentDate: new Date(now())
    }).catch(refuse)
    if (!Claims.Check(payload)) throw new AppError('token_invalid')
    return { caller: { userId: payload.sub, sessionId: payload.sid }, expiresAt: payload.exp * 1000 }
  }

  return {
    jwks: keys.jwks,
    rotate: keys.rotate,
    close: keys.close,

    /** A token for this session, good for a quarter of an hour but never longer than the session. */
    async sign ({ userId, sessionId }: Caller, sessionEndsAt: number): Promise<{ accessToken: string, expiresIn: number }> {
      const key = await keys.signing()
      const issuedAt = Math.floor(now() / 1000)
      const expiresAt = Math.floor(Math.min(now() + limits.accessTokenMs, sessionEndsAt) / 1000)
      const accessToken = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: key.kid })
        .setSubject(userId).setIssuer(issuer).setAudience(audience)
        .setIssuedAt(issuedAt).setExpirationTime(expiresAt).setJti(newId())
        .sign(key.privateKey)
      return { accessToken, expiresIn: expiresAt - issuedAt }
    },

    /** Who is speaking, by the token alone: whether that session still lives is for sessions to say. What
     *  was once found good is remembered, so that a busy client's token is not checked over and over.
     *  @throws token_invalid, token_expired */
    async verify (token: string): Promise<Verified> {
      const known = verified.get(token)
      if (known !== undefined && known.expiresAt > now()) return known
      verified.forget(token)
      const fresh = await check(token)
      verified.set(token, fresh)
      return fresh
    }
  }
}

/** Three parts, each in the one spelling of base64url that has it: jose would forgive blanks and padding. */
function wellFormed (token: string): boolean {
  if (token.length > limits.accessTokenBytesMax) return false
  const parts = token.split('.', 4)
  return parts.length === 3 && parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
}

function refuse (cause: unknown): never {
  if (cause instanceof AppError) throw cause
  throw new AppError(cause instanceof errors.JWTExpired ? 'token_expired' : 'token_invalid', { cause })
}
