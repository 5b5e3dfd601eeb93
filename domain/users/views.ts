import type { UserDocument } from './documents.js'
import type { Me, User } from './schema.js'

/** What others see of a user; nothing else of the document leaves the house. */
export function viewUser ({ id, username, displayName, createdAt }: UserDocument): User {
  return { id, username, displayName: displayName ?? username, createdAt: new Date(createdAt).toISOString() }
}

/** What users see of themselves. */
export function viewMe (user: UserDocument): Me {
  return { ...viewUser(user), status: user.status }
}
