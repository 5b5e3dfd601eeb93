import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { fencedBlocks, readDocument, root } from './markdown.js'

/** Pastes the README's tour line by line into a real bash, beside a real server, in a folder of its own. */
const limits = { outputWaitMs: 15_000 }

interface Statement { text: string, expected: string[] }

/** A line that begins with a space or a quote goes on with the statement before it; `# =>` is what it prints. */
function statementsOf (markdown: string): Statement[] {
  const statements: Statement[] = []
  for (const line of fencedBlocks(markdown, 'bash tour').join('').trimEnd().split('\n')) {
    const last = statements.at(-1)
    if (last !== undefined && line.startsWith('# => ')) last.expected.push(line.slice(5))
    else if (last !== undefined && /^[ ']/.test(line)) last.text += `\n${line}`
    else statements.push({ text: line, expected: [] })
  }
  return statements
}

/** The expected lines in their order, with anything between them; `…` is anything within a line. */
function patternOf (expected: string[]): RegExp {
  return new RegExp(expected.map((line) => line.split('…').map(literally).join('.*')).join('[^]*'))
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listening ({ stdout }: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    stdout?.on('data', (text) => { if (String(text).includes('Escuchando en')) resolve() })
  })
}

/** Ends a process and whatever it has started, if any of it is still there. */
function killGroup ({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch { /* Nothing is. */ }
}

/** A bash that is told one statement after the other, and gives back what was printed since. */
function openShell (run: (command: string[]) => ChildProcess) {
  const bash = run(['bash', '--noprofile', '--norc'])
  let output = ''
  bash.stdout?.setEncoding('utf8').on('data', (text) => { output += text })
  bash.stdin?.write('exec 2>&1\n')

  async function until (pattern: RegExp): Promise<string> {
    const end = Date.now() + limits.outputWaitMs
    while (!pattern.test(output) && Date.now() < end) await sleep(10)
    return output
  }

  return {
    async paste ({ text, expected }: Statement, number: number) {
      output = ''
      bash.stdin?.write(`${text}\necho "<statement ${number}: $?>"\n`)
      const code = new RegExp(`<statement ${number}: (\\d+)>\\n`).exec(await until(new RegExp(`<statement ${number}: .*\\n`)))?.[1]
      // What a socket says may come after the statement has ended.
      return { code, printed: await until(patternOf(expected)) }
    }
  }
}

t.test('the tour of the README works when it is pasted line by line', async (t) => {
  const cwd = t.testdir({ dist: t.fixture('symlink', `${root}/dist`), node_modules: t.fixture('symlink', `${root}/node_modules`) })
  const port = await freePort()
  const run = (command: string[]): ChildProcess => {
    const child = spawn('env', [`PORT=${port}`, `BASE=http://localhost:${port}`, 'LOG_FORMAT=seed', ...command], { cwd, detached: true })
    t.teardown(() => { killGroup(child) })
    return child
  }

  const server = run([process.execPath, 'dist/server.js'])
  await listening(server)

  const statements = statementsOf(readDocument('README.md'))
  t.ok(statements.length > 20, 'there is a tour')
  const shell = openShell(run)
  for (const [number, statement] of statements.entries()) {
    const { text, expected } = statement
    const { code, printed } = await shell.paste(statement, number)
    const exited = t.equal(code, '0', text)
    const prints = expected.length === 0 || t.match(printed, patternOf(expected), `prints ${expected.join(' / ')}`)
    // Whatever comes after depends on it.
    if (!exited || !prints) break
  }
})

t.test('the Spanish README has the same commands', async (t) => {
  for (const info of ['bash', 'bash tour']) {
    t.same(fencedBlocks(readDocument('README.es.md'), info), fencedBlocks(readDocument('README.md'), info))
  }
})
