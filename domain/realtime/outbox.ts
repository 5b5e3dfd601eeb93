/** What an outbox needs of a WebSocket. */
export interface Wire {
  /** Bytes that the kernel has not taken yet. */
  readonly bufferedAmount: number
  /** `taken` is called once the kernel has the frame, or never will. */
  send: (frame: Buffer, taken: () => void) => void
}

export interface OutboxBounds { outboxBytesMax: number, outboxFramesMax: number, wireBytesMax: number }

interface Waiting { frame: Buffer, signal: string | undefined }

/** The bounded way out of one socket. Only a little is handed to the wire at a time: what waits here can be
 *  merged, and dropped at once when the reader turns out too slow. A single frame may overshoot the bound. */
export function createOutbox (wire: Wire, bounds: OutboxBounds, onFull: () => void) {
  let queue: Waiting[] = []
  let queuedBytes = 0
  // Sizes of the frames on the wire, oldest first: only the newest of them can still be with us.
  let onWire: number[] = []
  let onWireBytes = 0
  let waiters: (() => void)[] = []
  let closed = false

  function framesOnWire (): number {
    const left = wire.bufferedAmount
    for (let size = onWire[0]; size !== undefined && onWireBytes - size >= left; size = onWire[0]) {
      onWireBytes -= size
      onWire.shift()
    }
    return onWire.length
  }

  const isFull = (share: number) =>
    queuedBytes + wire.bufferedAmount >= bounds.outboxBytesMax * share ||
    queue.length + framesOnWire() >= bounds.outboxFramesMax * share

  const isBusy = () => queue.length > 0 || wire.bufferedAmount >= bounds.wireBytesMax

  function pump () {
    while (wire.bufferedAmount < bounds.wireBytesMax) {
      const frame = queue.shift()?.frame
      if (frame === undefined) break
      queuedBytes -= frame.length
      onWire.push(sizeOnWire(frame))
      onWireBytes += sizeOnWire(frame)
      wire.send(frame, pump)
    }
    if (waiters.length > 0 && !isBusy()) release()
  }

  function release () {
    const released = waiters
    waiters = []
    for (const resolve of released) resolve()
  }

  /** Takes the place of a waiting signal of the same name, if there is one. */
  function merge (frame: Buffer, signal: string) {
    const older = queue.find((waiting) => waiting.signal === signal)
    if (older === undefined) return
    queuedBytes += frame.length - older.frame.length
    older.frame = frame
  }

  function close () {
    closed = true
    queue = []
    onWire = []
    queuedBytes = onWireBytes = 0
    release()
  }

  return {
    /** Sends now or when the reader is ready. A `signal` is ephemeral: beyond half of the bound it replaces
     *  the one of its name or is dropped. */
    push (frame: Buffer, signal?: string): void {
      if (closed) return
      if (signal !== undefined && isFull(0.5)) return merge(frame, signal)
      if (isFull(1)) {
        close()
        return onFull()
      }
      queue.push({ frame, signal })
      queuedBytes += frame.length
      pump()
    },

    /** Whether more waits than the wire holds. */
    isBusy,

    /** Resolves when the reader has caught up, or the outbox was closed. */
    async drained (): Promise<void> {
      if (!closed && isBusy()) await new Promise<void>((resolve) => { waiters.push(resolve) })
    },

    /** Forgets what waits and takes nothing more. */
    close
  }
}

/** With the header of an unmasked frame. */
function sizeOnWire ({ length }: Buffer): number {
  return length + (length < 126 ? 2 : length < 65_536 ? 4 : 10)
}
