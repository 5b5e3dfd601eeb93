import { type Static, type TObject, Type } from '@sinclair/typebox'
import type { Entry, Key, Put, Store, Subject } from '../../storage/index.js'
import { documentReader } from '../document.js'

/** How users and what belongs to them lie in the store. The part that says `v` holds nothing personal; the
 *  personal part is sealed for its user and is null once that user was erased: then the document is gone. */
const v = Type.Literal(1)
const Time = Type.Integer({ minimum: 0, description: 'Milliseconds since 1970' })
const Nothing = Type.Object({})

const UserValue = Type.Object({ v, createdAt: Time, status: Type.Literal('active') })
const UserPersonal = Type.Object({ username: Type.String(), displayName: Type.Union([Type.String(), Type.Null()]) })

const CredentialsValue = Type.Object({ v, changedAt: Time })
const CredentialsPersonal = Type.Object({ hash: Type.String() })

const NameValue = Type.Object({ v, userId: Type.String() })

const SessionValue = Type.Object({
  v, userId: Type.String(), createdAt: Time, usedAt: Time, expiresAt: Time, counter: Type.Integer({ minimum: 0 }), rotatedAt: Time
})
const SessionPersonal = Type.Object({ refreshKey: Type.String(), userAgent: Type.String(), address: Type.String() })

const UserSessionsValue = Type.Object({ v, sessions: Type.Array(Type.String()) })

const SigningKeyValue = Type.Object({ v, createdAt: Time, kid: Type.String(), x: Type.String() })
const SigningKeyPersonal = Type.Object({ d: Type.String() })

type Document<V, P = object> = Omit<V, 'v'> & P & { id: string }

export type UserDocument = Document<Static<typeof UserValue>, Static<typeof UserPersonal>>
export type CredentialsDocument = Document<Static<typeof CredentialsValue>, Static<typeof CredentialsPersonal>>
export type NameDocument = Document<Static<typeof NameValue>>
export type SessionDocument = Document<Static<typeof SessionValue>, Static<typeof SessionPersonal>>
export type UserSessionsDocument = Document<Static<typeof UserSessionsValue>>
export type SigningKeyDocument = Document<Static<typeof SigningKeyValue>, Static<typeof SigningKeyPersonal>>

const ofUser = (id: string): readonly [Subject] => [`user:${id}`]
const ofSigning = ['system:signing'] as const

/** Key by user id. */
export const userDocuments = {
  key: (id: string): Key => ['users', id],
  read: reader('user', UserValue, UserPersonal),
  put: ({ id, createdAt, status, username, displayName }: UserDocument): Put => ({
    key: ['users', id], value: { v: 1, createdAt, status }, personal: { username, displayName }, subjects: ofUser(id)
  })
}

/** Key by user id. */
export const credentialsDocuments = {
  key: (id: string): Key => ['credentials', id],
  read: reader('credentials', CredentialsValue, CredentialsPersonal),
  put: ({ id, changedAt, hash }: CredentialsDocument): Put => ({
    key: ['credentials', id], value: { v: 1, changedAt }, personal: { hash }, subjects: ofUser(id)
  })
}

/** Whose a skeleton is; key by its blinded form. */
export const nameDocuments = {
  key: (blinded: string): Key => ['usernames', blinded],
  read: reader('username', NameValue, Nothing),
  put: ({ id, userId }: NameDocument): Put => ({ key: ['usernames', id], value: { v: 1, userId } })
}

/** Key by session id. A session that ended is not there any more. */
export const sessionDocuments = {
  key: (id: string): Key => ['sessions', id],
  read: reader('session', SessionValue, SessionPersonal),
  put: ({ id, refreshKey, userAgent, address, userId, createdAt, usedAt, expiresAt, counter, rotatedAt }: SessionDocument): Put => ({
    key: ['sessions', id],
    value: { v: 1, userId, createdAt, usedAt, expiresAt, counter, rotatedAt },
    personal: { refreshKey, userAgent, address },
    subjects: ofUser(userId)
  })
}

/** A user's sessions, oldest first, in one document: who ends all others or counts them in a commit
 *  sees every one there is. Key by user id. */
export const userSessionsDocuments = {
  key: (id: string): Key => ['user-sessions', id],
  read: reader('user-sessions', UserSessionsValue, Nothing),
  put: ({ id, sessions }: UserSessionsDocument): Put => ({ key: ['user-sessions', id], value: { v: 1, sessions } })
}

/** Key by a number that grows by one: who makes a key must have seen the one before. */
export const signingKeyDocuments = {
  key: (id: string): Key => ['signing-keys', Number(id)],
  read: reader('signing-key', SigningKeyValue, SigningKeyPersonal),
  put: ({ id, createdAt, kid, x, d }: SigningKeyDocument): Put => ({
    key: ['signing-keys', Number(id)], value: { v: 1, createdAt, kid, x }, personal: { d }, subjects: ofSigning
  })
}

/** The newest durable document of this kind and id, or null. */
export async function load<D> (store: Store, { key, read }: { key: (id: string) => Key, read: (id: string, entry: Entry | null) => D | null }, id: string): Promise<D | null> {
  return read(id, await store.get(key(id)))
}

/** A document whose personal part is gone is gone itself. */
function reader<V extends TObject, P extends TObject> (name: string, Value: V, Personal: P) {
  const [readValue, readPersonal] = [documentReader(name, Value), documentReader(name, Personal)]
  const sealed = Object.keys(Personal.properties).length > 0

  return (id: string, entry: Entry | null): (Static<V> & Static<P> & { id: string, version: number }) | null => {
    if (entry === null || (sealed && entry.personal === null)) return null
    return Object.assign({ id, version: entry.version }, readValue(entry.value), readPersonal(entry.personal ?? {}))
  }
}
