import { randomPart } from '../domain/chat/message-id.js'
import type { Message, MessagePage, NewMessage } from '../domain/chat/schema.js'
import { encodeCursor } from '../domain/cursor.js'
import type { BareLog } from './bare-log.js'

/** Conversations as arrays in memory: no members, no rules, no versions. */
export function createBareChat (log: BareLog, onMessage: (message: Message) => void) {
  const conversations = new Map<string, Message[]>()
  const accepted = new Map<string, number>()

  return {
    head: (conversation: string): number => accepted.get(conversation) ?? 0,

    async say (author: string, conversation: string, { text, kind = 'text', attachments = [], metadata = {} }: NewMessage): Promise<Message> {
      const seq = (accepted.get(conversation) ?? 0) + 1
      accepted.set(conversation, seq)
      const message: Message = {
        id: `${seq}-${randomPart()}`,
        conversation,
        seq,
        ordinal: seq,
        author,
        kind,
        text,
        attachments,
        metadata,
        at: new Date().toISOString(),
        editedAt: null,
        deletedAt: null,
        version: seq
      }
      await log.append(`${JSON.stringify(message)}\n`)
      const messages = conversations.get(conversation) ?? []
      messages.push(message)
      conversations.set(conversation, messages)
      onMessage(message)
      return message
    },

    history (conversation: string, { before = Infinity, limit }: { before?: number | undefined, limit: number }): MessagePage {
      const messages = conversations.get(conversation) ?? []
      const end = Math.min(before - 1, messages.length)
      const start = Math.max(0, end - limit)
      return { items: messages.slice(start, end), next: start === 0 ? null : encodeCursor({ before: start + 1 }) }
    }
  }
}
