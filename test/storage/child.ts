import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Home } from './helper.js'

export interface Child {
  process: ChildProcess
  /** Every line it said so far. */
  lines: string[]
  /** Resolves at the first line that begins so. */
  says (beginning: string): Promise<string>
  kill (signal: NodeJS.Signals): Promise<void>
  ended: Promise<number | null>
}

/** A writer in a process of its own. */
export function startWriter (t: Test, { root, anchor }: Home, writers: number, ...more: number[]): Child {
  const script = join(import.meta.dirname, 'writer.js')
  const child = spawn(process.execPath, [script, root, anchor, ...[writers, ...more].map(String)], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  let rest = ''
  const heard: (() => void)[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    for (const check of heard) check()
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  t.teardown(() => { child.kill('SIGKILL') })
  return {
    process: child,
    lines,
    ended,
    says: (beginning) => new Promise((resolve, reject) => {
      const check = () => {
        const line = lines.find((each) => each.startsWith(beginning))
        if (line !== undefined) resolve(line)
      }
      heard.push(check)
      check()
      ended.then((code) => { check(); reject(new Error(`ended with ${code}: ${lines.slice(-3).join(' | ')}`)) }, reject)
    }),
    async kill (signal) {
      child.kill(signal)
      if (signal === 'SIGKILL') await ended
    }
  }
}
