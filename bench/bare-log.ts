import { createCipheriv, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

const SLOT_BYTES = 4096
const POSITION_BYTES = 1024

export type BareLog = Awaited<ReturnType<typeof openBareLog>>

/** The least that is as durable as NEXU: what gathers while one group syncs is sealed as one frame and
 *  synced to one file, then its position is sealed and synced to a second one. */
export async function openBareLog (folder: string) {
  const journal = await open(join(folder, 'journal'), 'w')
  const anchor = await open(join(folder, 'anchor'), 'w')
  await anchor.write(Buffer.alloc(2 * SLOT_BYTES))
  await anchor.sync()
  const key = randomBytes(32)
  let lines: string[] = []
  let waiting: (() => void)[] = []
  let position = 0
  let groups = 0
  let busy = false

  function seal (plain: Buffer): Buffer {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  async function flush (): Promise<void> {
    while (lines.length > 0) {
      const frame = seal(Buffer.from(lines.join('')))
      const resolves = waiting
      lines = []
      waiting = []
      await journal.write(frame, 0, frame.length, position)
      await journal.datasync()
      position += frame.length
      const slot = seal(Buffer.from(JSON.stringify({ position, groups }).padEnd(POSITION_BYTES)))
      await anchor.write(slot, 0, slot.length, (++groups % 2) * SLOT_BYTES)
      await anchor.datasync()
      for (const resolve of resolves) resolve()
    }
    busy = false
  }

  return {
    groups: (): number => groups,

    /** Resolves when the line is durable. */
    append: (line: string): Promise<void> => new Promise((resolve) => {
      lines.push(line)
      waiting.push(resolve)
      if (busy) return
      busy = true
      // After this turn of the event loop, so that what came in together is written together.
      setImmediate(() => { flush().catch((err: unknown) => { throw err }) })
    })
  }
}
