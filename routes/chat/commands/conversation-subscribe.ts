import { command } from './command.js'

/** Live events of a channel without being a member, or of a conversation that was silenced here. What came
 *  up to `head` is to be had by REST. */
export default command('conversation.subscribe', 'subscribe_conversation', async (app, peer, { conversation }) => {
  await app.chat.one(peer.caller, conversation)
  app.hub.subscribe(peer, conversation)
  // Read only now: nothing may fall between the head and the first live event.
  const { head } = await app.chat.one(peer.caller, conversation)
  return { conversation, head }
})
