import type { Socket } from '../../../domain/realtime/connection.js'

/** A WebSocket whose kernel takes as much as the test lets it. */
export function createFakeWire () {
  const frames: Buffer[] = []
  let roomBytes = Infinity
  let waiting: { left: number, taken: () => void }[] = []
  let closed: { code: number, reason: string } | undefined
  let isTerminated = false

  const settle = () => {
    while (waiting.length > 0 && roomBytes > 0) {
      const [first] = waiting
      if (first === undefined) return
      const bytes = Math.min(first.left, roomBytes)
      first.left -= bytes
      roomBytes -= bytes
      if (first.left > 0) return
      waiting = waiting.slice(1)
      // As the library does: never in the same turn.
      queueMicrotask(first.taken)
    }
  }

  const socket: Socket = {
    get bufferedAmount () { return waiting.reduce((sum, { left }) => sum + left, 0) },
    send (frame, taken) {
      frames.push(frame)
      waiting.push({ left: frame.length + (frame.length < 126 ? 2 : frame.length < 65_536 ? 4 : 10), taken })
      settle()
    },
    close (code, reason) { closed = { code, reason } },
    terminate () { isTerminated = true }
  }

  return {
    socket,
    frames,
    /** All frames as JSON. */
    read: (): Record<string, unknown>[] => frames.map((frame) => JSON.parse(frame.toString())),
    closed: () => closed,
    isTerminated: () => isTerminated,
    /** The kernel takes nothing more. */
    block () { roomBytes = 0 },
    /** The kernel takes so much more. */
    take (bytes = Infinity) {
      roomBytes += bytes
      settle()
    }
  }
}

/** Lets everything that waits for nothing but its turn run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
