import { command } from './command.js'

/** Who is there, by an access token. The reply comes first, then what was missed or a snapshot. */
export default command('auth', 'authenticate', (_app, peer, { token, resume }) => peer.signIn(token, resume?.cursor))
