import { type Static, Type } from '@sinclair/typebox'
import { Id, nullable, page, PageQuery, Timestamp } from '../schema.js'
import { limits } from './limits.js'

const username = {
  description: `Unique also by what it looks like. ${limits.nameLengthMin} to ${limits.nameLengthMax} letters of one alphabet and digits, with single \`.\`, \`-\` or \`_\` between them; kept in Unicode's form NFKC`,
  examples: ['ana']
}
const displayName = { description: 'What others are shown; the user name where none was given', examples: ['Ana García'] }

/** What anyone may see of a user. */
export const User = Type.Object({
  id: Id,
  username: Type.String(username),
  displayName: Type.String(displayName),
  createdAt: Timestamp
}, { title: 'User' })

/** What users see of themselves. */
export const Me = Type.Object({ ...User.properties, status: Type.String({ examples: ['active'] }) }, { title: 'Me' })

export const UserPage = page(User)

const Username = Type.String({ ...username, minLength: 1, maxLength: limits.nameTypedMax })
const DisplayName = Type.String({ ...displayName, minLength: 1, maxLength: limits.displayNameLengthMax })
const NewPassword = Type.String({
  minLength: limits.passwordLengthMin, maxLength: limits.passwordLengthMax, description: 'Any characters; length is what counts', examples: ['correct horse battery']
})
// A password to be checked may be of any length that could ever be one: what is too short is just wrong.
const Password = Type.String({ minLength: 1, maxLength: limits.passwordLengthMax, examples: ['correct horse battery'] })

export const Registration = Type.Object({
  username: Username,
  password: NewPassword,
  displayName: Type.Optional(DisplayName)
}, { additionalProperties: false, title: 'Registration' })

export const Login = Type.Object({ username: Username, password: Password }, { additionalProperties: false, title: 'Login' })

export const Refresh = Type.Object({
  refreshToken: Type.String({ minLength: 1, maxLength: limits.refreshTokenLengthMax })
}, { additionalProperties: false, title: 'Refresh' })

export const PasswordChange = Type.Object({
  currentPassword: Password,
  newPassword: NewPassword
}, { additionalProperties: false, title: 'PasswordChange' })

export const UserPatch = Type.Object({
  displayName: Type.Optional(nullable(DisplayName))
}, { additionalProperties: false, title: 'UserPatch', description: 'A merge patch (RFC 7396): null takes the display name away' })

export const UserQuery = Type.Object({
  ...PageQuery.properties,
  q: Type.Optional(Type.String({
    minLength: 1, maxLength: limits.userQueryLengthMax, description: 'Part of a user name, or of what looks like it, or of a display name', examples: ['ana']
  }))
}, { additionalProperties: false })

export const UserParams = Type.Object({ id: Id }, { additionalProperties: false })
export const SessionParams = Type.Object({ id: Id }, { additionalProperties: false })

/** One sign-in on one device. */
export const Session = Type.Object({
  id: Id,
  createdAt: Timestamp,
  usedAt: Timestamp,
  expiresAt: Timestamp,
  userAgent: Type.String({ description: 'What the client called itself' }),
  address: Type.String({ description: 'Where it signed in from', examples: ['192.0.2.7'] }),
  current: Type.Boolean({ description: 'Whether this is the session that asks' })
}, { title: 'Session' })

export const SessionPage = page(Session)

export const SignedIn = Type.Object({
  user: Me,
  accessToken: Type.String({ description: 'A JWT for `Authorization: Bearer`' }),
  tokenType: Type.Literal('Bearer'),
  expiresIn: Type.Integer({ description: 'Seconds until the access token ends', examples: [900] }),
  refreshToken: Type.String({ description: 'Good once, for the next pair of tokens' }),
  session: Session
}, { title: 'SignedIn' })

/** Public keys (RFC 7517). */
export const KeySet = Type.Object({
  keys: Type.Array(Type.Object({
    kty: Type.String({ examples: ['OKP'] }),
    crv: Type.String({ examples: ['Ed25519'] }),
    use: Type.String({ examples: ['sig'] }),
    alg: Type.String({ examples: ['EdDSA'] }),
    kid: Type.String({ description: 'As in the header of a token' }),
    x: Type.String({ description: 'The public key, in base64url' })
  }))
}, { title: 'KeySet' })

export type User = Static<typeof User>
export type Me = Static<typeof Me>
export type Registration = Static<typeof Registration>
export type Login = Static<typeof Login>
export type PasswordChange = Static<typeof PasswordChange>
export type UserPatch = Static<typeof UserPatch>
export type UserQuery = Static<typeof UserQuery>
export type Session = Static<typeof Session>
export type SignedIn = Static<typeof SignedIn>
