import { AppError } from '../../../domain/errors.js'
import auth from './auth.js'
import authRefresh from './auth-refresh.js'
import type { Command } from './command.js'
import conversationSubscribe from './conversation-subscribe.js'
import conversationUnsubscribe from './conversation-unsubscribe.js'
import historyGet from './history-get.js'
import messageDelete from './message-delete.js'
import messageEdit from './message-edit.js'
import messageSend from './message-send.js'
import pong from './pong.js'
import presenceSet from './presence-set.js'
import presenceSubscribe from './presence-subscribe.js'
import readSet from './read-set.js'
import typingSet from './typing-set.js'

/** Everything a client can ask over the socket. */
export const commandList: readonly Command[] = [
  auth, authRefresh, pong,
  messageSend, messageEdit, messageDelete,
  readSet, typingSet, presenceSet, presenceSubscribe,
  historyGet, conversationSubscribe, conversationUnsubscribe
]

const byType = new Map(commandList.map((command) => [command.type, command]))

/** @throws AppError where there is no such command */
export function findCommand (type: string): Command {
  const command = byType.get(type)
  if (command === undefined) throw new AppError('command_unknown')
  return command
}
