import { connect, type Socket } from 'node:net'

// One for all: what is read is used before anything else is.
const buffer = Buffer.allocUnsafe(64 * 1024)
const LENGTH = 'ontent-length: '

/** `body` is good until the function that was given it returns. */
export type OnAnswer = (status: number, body: Buffer) => void

/** As much of HTTP/1.1 as the benchmark needs: one kept connection, one request at a time, answers that say
 *  their length. node:http would cost the generator more than many a route costs the server. */
export function openConnection (port: number, onAnswer: OnAnswer, onFailure: (reason: string) => void): Promise<Socket> {
  let parts: Buffer[] = []
  let wanted = 0
  let had = 0

  function read (size: number): boolean {
    const bytes = buffer.subarray(0, size)
    had += size
    if (parts.length === 0) take(bytes)
    else if (had < wanted) parts.push(Buffer.from(bytes))
    else {
      const whole = Buffer.concat([...parts, bytes])
      parts = []
      take(whole)
    }
    return true
  }

  /** What isn't whole yet is kept until it is; the buffer that it came in is used again. */
  function take (bytes: Buffer): void {
    const head = bytes.indexOf('\r\n\r\n')
    const end = head === -1 ? Infinity : head + 4 + bodyLength(bytes.toString('latin1', 0, head))
    if (bytes.length < end) {
      parts = [Buffer.from(bytes)]
      wanted = end === Infinity ? 0 : end
      return
    }
    had = wanted = 0
    if (Number.isNaN(end)) return onFailure('an answer without a length')
    onAnswer(Number(bytes.toString('latin1', 9, 12)), bytes.subarray(head + 4, end))
  }

  return new Promise((resolve, reject) => {
    const socket = connect({
      port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: read }
    }, () => resolve(socket))
    socket.on('error', (err) => { reject(err); onFailure(err.message) })
    socket.on('end', () => onFailure('the server hung up'))
  })
}

function bodyLength (head: string): number {
  const at = head.indexOf(LENGTH)
  return at === -1 ? NaN : parseInt(head.slice(at + LENGTH.length), 10)
}

export interface RequestParts { token?: string, body?: object }

/** One request as text, whole. */
export function request (method: 'GET' | 'POST', path: string, { token, body }: RequestParts = {}): string {
  const json = body === undefined ? '' : JSON.stringify(body)
  return [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    ...token === undefined ? [] : [`authorization: Bearer ${token}`],
    ...body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(json)}`],
    '',
    json
  ].join('\r\n')
}
