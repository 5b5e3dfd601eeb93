import { command } from './command.js'

/** How this socket's user looks to others: online where any of the user's sockets is. */
export default command('presence.set', 'set_presence', (app, peer, { status }) => {
  app.hub.setStatus(peer, status)
})
