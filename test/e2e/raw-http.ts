import { once } from 'node:events'
import { connect } from 'node:net'

export interface RawAnswer { status: number, head: string, body: string }

/** Writes bytes as they are, and reads whatever comes until the server hangs up or has answered so often. */
export async function rawRequest (address: string, bytes: string | Buffer, answers = 1): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  let text = Buffer.alloc(0)
  const closed = new Promise<void>((resolve) => { socket.once('close', () => { resolve() }) })
  const enough = new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => {
      text = Buffer.concat([text, part])
      if (parse(text).length >= answers) resolve()
    })
  })
  // What the server has not read when it hangs up resets the connection; its answer came before that.
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(bytes)
  await Promise.race([closed, enough])
  socket.destroy()
  return parse(text)
}

/** All whole answers that have a `Content-Length`, as those of this server do. */
function parse (bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let rest = bytes; ;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return answers
    const head = rest.subarray(0, end).toString()
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    const body = rest.subarray(end + 4, end + 4 + length)
    if (body.length < length) return answers
    answers.push({ status: Number(head.split(' ')[1]), head, body: body.toString() })
    rest = rest.subarray(end + 4 + length)
  }
}
