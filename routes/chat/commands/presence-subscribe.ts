import { command } from './command.js'

/** Whom this socket wants to know about. Without a shared conversation everyone looks offline. */
export default command('presence.subscribe', 'subscribe_presence', (app, peer, { users }) =>
  ({ users: app.hub.watchPresence(peer, users) }))
