import { command } from './command.js'

/** The answer to `ping`; it was counted when it arrived. */
export default command('pong', 'pong', () => ({}))
