import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { watchJournals } from './journal-frames.js'
import { cores, run, type Running } from './processes.js'
import { ask, fill, headOf, type Target } from './target.js'

const limits = { startMs: 20_000, people: 50, historyMessages: 500 }

interface SignedIn { accessToken: string }

export interface NexuOptions {
  /** The script of the server: that of this build, where none is given. */
  script?: string
  /** Options of Node itself. */
  nodeOptions?: readonly string[]
}

const ownScript = fileURLToPath(new URL('../server.js', import.meta.url))

/** NEXU as it is served: the process itself, on a new store below `folder`, with people in three channels. */
export async function startNexu (folder: string, { script = ownScript, nodeOptions = [] }: NexuOptions = {}): Promise<Target> {
  mkdirSync(folder)
  const output = openSync(join(folder, 'stdout'), 'w')
  const process = run(script, {
    core: cores.server,
    cwd: folder,
    stdio: ['ignore', output, output],
    nodeOptions,
    variables: { PORT: '0', NODE_ENV: 'development', LOG_LEVEL: 'INFO', LOG_FORMAT: 'seed', NFS_PATH: 'db', ANCHOR_PATH: 'anchor', ENCRYPTION_KEY_FILE: 'nexu.key', LOGS_PATH: 'logs' }
  })
  const port = await listening(process, join(folder, 'stdout'))
  const tokens = await register(port)
  const conversations = { sends: await channel(port, tokens), history: await channel(port, tokens), room: await channel(port, tokens) }
  await fill(port, tokens, conversations.history, limits.historyMessages)
  const journals = watchJournals(join(folder, 'db', 'nexu', 'journal'))
  return {
    process,
    port,
    tokens,
    conversations,
    groups: async () => journals.groups(),
    head: (conversation) => headOf(port, tokens[0], conversation),
    async close () {
      journals.close()
      await process.stop()
    }
  }
}

async function listening ({ child }: Running, outputPath: string): Promise<number> {
  const until = performance.now() + limits.startMs
  for (;;) {
    const output = readFileSync(outputPath, 'utf8')
    const [, port] = /Escuchando en http:\/\/[^\s]*:(\d+)/.exec(output) ?? []
    if (port !== undefined) return Number(port)
    if (child.exitCode !== null || performance.now() > until) throw new Error(`NEXU does not start: ${output}`)
    await sleep(50)
  }
}

async function register (port: number): Promise<string[]> {
  const people = Array.from({ length: limits.people }, (_, index) =>
    ask<SignedIn>(port, undefined, 'POST', '/v1/auth/register', { username: `bench.${index}`, password: 'correct horse battery' }))
  return (await Promise.all(people)).map(({ accessToken }) => accessToken)
}

/** A public channel that everybody has joined. */
async function channel (port: number, tokens: readonly string[]): Promise<string> {
  const [owner, ...others] = tokens
  const { id } = await ask<{ id: string }>(port, owner, 'POST', '/v1/conversations', { kind: 'channel', name: 'Bench' })
  await Promise.all(others.map((token) => ask(port, token, 'POST', `/v1/conversations/${id}/join`)))
  return id
}
