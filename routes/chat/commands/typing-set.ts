import { command } from './command.js'

/** Shown to those who listen, for six seconds unless it is said again. */
export default command('typing.set', 'set_typing', (app, peer, { conversation, on }) => {
  app.hub.setTyping(peer, conversation, on)
})
