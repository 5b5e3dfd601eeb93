import { command } from './command.js'

/** Moves one's own read marker, never back; one's other devices follow. */
export default command('read.set', 'mark_read', (app, peer, { conversation, ...read }) =>
  app.chat.markRead(peer.caller, conversation, read))
