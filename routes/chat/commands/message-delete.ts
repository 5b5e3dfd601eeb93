import { etag } from '../../../domain/etags.js'
import { command } from './command.js'

/** The reply is what is left of the message: its place. */
export default command('message.delete', 'delete_message', (app, peer, { conversation, message, version }) =>
  app.chat.remove(peer.caller, conversation, message, version === undefined ? undefined : etag(version)))
