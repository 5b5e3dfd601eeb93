import type { Key, Subjects } from '../../storage/store.js'

/** Where each document of chat is. Whatever changes with every message (`heads`, `reads`) is kept apart
 *  from what people change, so that the version of the latter can serve as an ETag. */
export const keys = {
  conversation: (id: string): Key => ['conversations', id],
  head: (id: string): Key => ['heads', id],
  /** Index of the public channels. */
  channel: (id: string): Key => ['channels', id],
  direct: (pair: string): Key => ['direct', pair],
  member: (id: string, user: string): Key => ['members', id, user],
  read: (id: string, user: string): Key => ['reads', id, user],
  membership: (user: string, id: string): Key => ['memberships', user, id],
  log: (id: string, seq: number): Key => ['log', id, seq],
  clientId: (id: string, user: string, digest: string): Key => ['client-ids', id, user, digest],
  personal: (user: string): Key => ['personal', user],
  personalLog: (user: string, n: number): Key => ['personal-log', user, n],
  purge: (id: string): Key => ['purges', id]
}

/** What everything below one conversation or user begins with. */
export const prefixes = {
  channels: ['channels'],
  purges: ['purges'],
  members: (id: string): Key => ['members', id],
  memberships: (user: string): Key => ['memberships', user],
  log: (id: string): Key => ['log', id],
  clientIds: (id: string): Key => ['client-ids', id],
  personalLog: (user: string): Key => ['personal-log', user]
} as const

/** Whose the words of a conversation itself are. */
export const ofConversation = (id: string): Subjects => [`conversation:${id}`]

/** Whose a message is: it ends with its conversation and with its author. */
export const ofMessage = (id: string, author: string): Subjects => [`conversation:${id}`, `user:${author}`]

/** The last part of a key. */
export const lastPart = (key: Key): string => String(key.at(-1))
