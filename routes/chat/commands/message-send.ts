import { command } from './command.js'

/** Stored first, shown second: the reply comes when the message is durable. */
export default command('message.send', 'send_message', async (app, peer, { conversation, ...input }) => {
  const { message: { id, seq, at }, duplicate } = await app.chat.say(peer.caller, conversation, input)
  return { id, seq, at, duplicate }
})
