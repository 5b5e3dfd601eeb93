import { command } from './command.js'

/** No more live events of this conversation on this socket; its log stays to be read. */
export default command('conversation.unsubscribe', 'unsubscribe_conversation', (app, peer, { conversation }) => {
  app.hub.unsubscribe(peer, conversation)
})
