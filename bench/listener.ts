import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

const buffer = Buffer.allocUnsafe(256 * 1024)

export interface ListenerOptions {
  port: number
  token: string
  /** `payload` is good until this returns. */
  onFrame: (payload: Buffer) => void
  onFailure: (reason: string) => void
}

/** A WebSocket that only listens, over a bare socket: it costs the generator next to nothing for each
 *  frame. Resolves once the protocol is a WebSocket. */
export function openListener ({ port, token, onFrame, onFailure }: ListenerOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let rest: Buffer | null = null
    let isOpen = false

    function read (size: number): boolean {
      const bytes: Buffer = rest === null ? buffer.subarray(0, size) : Buffer.concat([rest, buffer.subarray(0, size)])
      const used = isOpen ? walk(bytes, 0) : upgrade(bytes)
      // The buffer is used again.
      rest = used === bytes.length ? null : Buffer.from(bytes.subarray(used))
      return true
    }

    function upgrade (bytes: Buffer): number {
      const head = bytes.indexOf('\r\n\r\n')
      if (head === -1) return 0
      if (bytes.toString('latin1', 9, 12) !== '101') {
        reject(new Error(`no WebSocket: ${bytes.toString('latin1', 0, 400)}`))
        return bytes.length
      }
      isOpen = true
      resolve(socket)
      return walk(bytes, head + 4)
    }

    /** Frames of a server are never masked (RFC 6455, 5.1). */
    function walk (bytes: Buffer, from: number): number {
      let at = from
      while (at + 2 <= bytes.length) {
        const short = (bytes[at + 1] ?? 0) & 0x7f
        const body = at + (short === 126 ? 4 : short === 127 ? 10 : 2)
        if (body > bytes.length) break
        const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short
        if (body + length > bytes.length) break
        if (((bytes[at] ?? 0) & 0x0f) === 0x08) onFailure(`closed: ${bytes.toString('latin1', body + 2, body + length)}`)
        else onFrame(bytes.subarray(body, body + length))
        at = body + length
      }
      return at
    }

    const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback: read } }, () => socket.write(upgradeRequest(token)))
    socket.on('error', (err) => { reject(err); onFailure(err.message) })
    socket.on('end', () => onFailure('the server hung up'))
  })
}

const upgradeRequest = (token: string): string => [
  'GET /v1/socket HTTP/1.1',
  'host: localhost',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
  `authorization: Bearer ${token}`,
  '\r\n'
].join('\r\n')
