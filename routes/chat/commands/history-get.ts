import type { MessagePage } from '../../../domain/chat/schema.js'
import { command } from './command.js'

/** A page of messages as REST has it, made shorter where it would fill the socket. */
export default command('history.get', 'read_history', async (app, peer, { conversation, ...query }) => {
  for (let limit = query.limit; ; limit = Math.ceil(limit / 2)) {
    const page = await app.chat.history(peer.caller, conversation, { ...query, limit })
    if (limit === 1 || sizeOf(page) <= app.hub.limits.historyBytesMax) return page
  }
})

const sizeOf = (page: MessagePage): number => Buffer.byteLength(JSON.stringify(page))
