import { command } from './command.js'

/** Another access token of the same session, so that the socket may stay. */
export default command('auth.refresh', 'refresh_token', (_app, peer, { token }) => peer.renew(token))
