import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FromBare } from './messages.js'
import { cores, run } from './processes.js'
import { fill, headOf, type Target } from './target.js'

const limits = { historyMessages: 500 }

const script = fileURLToPath(new URL('./bare-process.js', import.meta.url))

/** The bare server, on files below `folder`. */
export async function startBare (folder: string): Promise<Target> {
  mkdirSync(folder)
  const process = run(script, { core: cores.server, cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { child } = process
  const first: FromBare = (await once(child, 'message'))[0]
  if (first.type !== 'ready') throw new Error('the bare server does not start')
  const { port, tokens } = first
  const conversations = { sends: randomUUID(), history: randomUUID(), room: randomUUID() }
  await fill(port, tokens, conversations.history, limits.historyMessages)
  return {
    process,
    port,
    tokens,
    conversations,
    async groups () {
      const answer = once(child, 'message')
      child.send({ type: 'syncs' })
      const message: FromBare = (await answer)[0]
      return message.type === 'syncs' ? message.groups : 0
    },
    head: (conversation) => headOf(port, tokens[0], conversation),
    close: process.stop
  }
}
