import type { Test } from 'tap'
import type { Caller } from '../../../domain/caller.js'
import type { Delivery } from '../../../domain/chat/event-schema.js'
import { type Chat, type ChatOptions, createChat } from '../../../domain/chat/repository.js'
import { newId } from '../../../domain/ids.js'
import { createMemoryStore, type Store } from '../../../storage/index.js'

export interface House {
  chat: Chat
  store: Store
  /** Everything that `watch` told, in order. */
  told: Delivery[]
  /** A new user. */
  someone (): Caller
  /** Resolves when all deferred work is done. */
  settled (): Promise<void>
}

/** Chat over an empty store in memory, with users that are made by asking for them. */
export async function build (t: Test, options: ChatOptions = {}): Promise<House> {
  const store = await createMemoryStore()
  t.teardown(() => store.close())
  const known = new Set<string>()
  const deferred: Promise<void>[] = []
  const chat = createChat(store, { find: async (id) => known.has(id) ? { id } : null }, {
    defer: (_task, work) => { deferred.push(work()) },
    ...options
  })
  const told: Delivery[] = []
  chat.watch((delivery) => told.push(delivery))
  return {
    chat,
    store,
    told,
    someone () {
      const userId = newId()
      known.add(userId)
      return { userId, sessionId: newId() }
    },
    async settled () { await Promise.all(deferred) }
  }
}

/** A group with an owner and so many plain members. */
export async function group ({ chat, someone }: House, size: number) {
  const owner = someone()
  const members = Array.from({ length: size }, someone)
  const { conversation } = await chat.create(owner, { kind: 'group', name: 'Equipo', members: members.map(({ userId }) => userId) })
  return { id: conversation.id, owner, members }
}

/** Both ends of a group of two, for tests that need no more. */
export async function pair (house: House) {
  const { id, owner, members } = await group(house, 1)
  const [member = owner] = members
  return { id, owner, member }
}

export const text = (words: string) => ({ kind: 'text' as const, text: words })

export async function collect<T> (items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
