import { etag } from '../../../domain/etags.js'
import { command } from './command.js'

/** The reply is the message as it is now. */
export default command('message.edit', 'edit_message', (app, peer, { conversation, message, version, ...change }) =>
  app.chat.edit(peer.caller, conversation, message, change, version === undefined ? undefined : etag(version)))
