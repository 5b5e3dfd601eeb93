import { closeSync, constants, openSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { discard } from './steps.js'
import type { Files } from './files.js'

/** Longer paths do not fit into a socket address; they are reached through the folder's descriptor. */
const SOCKET_PATH_BYTES_MAX = 100

export interface OwnerSocket { name: string, close (): Promise<void> }

/** A socket whose only use is that the kernel refuses it once its process is dead, however it died, and
 *  answers for it while it lives, even paused. Each owner has one of its own name, so none can be
 *  mistaken for another's. */
export async function listenAsOwner (folder: string, name: string): Promise<OwnerSocket> {
  const { path, release } = addressOf(folder, name)
  const server = createServer((socket) => { socket.destroy() })
  try {
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(path, resolve) })
  } catch (err) {
    release()
    throw err
  }
  return { name, close: () => closeServer(server).finally(release) }
}

const closeServer = (server: Server): Promise<void> => new Promise((resolve) => { server.close(() => { resolve() }) })

/** True where something listens there, answered or not. */
export async function isAlive (folder: string, name: string): Promise<boolean> {
  const { path, release } = addressOf(folder, name)
  try {
    return await new Promise<boolean>((resolve) => {
      const socket = connect(path)
      socket.once('connect', () => { socket.destroy(); resolve(true) })
      // EAGAIN: its queue is full, so it lives. Any other refusal: nobody is there.
      socket.once('error', (err: NodeJS.ErrnoException) => { resolve(err.code === 'EAGAIN') })
    })
  } finally {
    release()
  }
}

/** Removes what dead owners left. */
export function removeDeadSockets (files: Files, folder: string, except: string): void {
  for (const name of files.list(folder)) {
    if (name.startsWith('owner-') && name !== except) discard(files, join(folder, name))
  }
}

function addressOf (folder: string, name: string): { path: string, release: () => void } {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return { path, release () {} }
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${fd}/${name}`, release () { closeSync(fd) } }
}
