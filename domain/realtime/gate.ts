export interface GateBounds { heldFramesMax: number, heldBytesMax: number }

/** Between a replay and the live side: closed, it holds back what happens meanwhile; open, it lets all pass.
 *  It never forgets in silence: where it had to, it doesn't open. */
export function createGate<T extends { sequence: number, frame: Buffer }> (bounds: GateBounds, pass: (item: T) => void) {
  let isOpen = false
  let overflowed = false
  let covered = 0
  let held: T[] = []
  let heldBytes = 0

  function forget () {
    held = []
    heldBytes = 0
  }

  return {
    put (item: T): void {
      if (isOpen) return pass(item)
      if (overflowed || item.sequence <= covered) return
      held.push(item)
      heldBytes += item.frame.length
      overflowed = held.length > bounds.heldFramesMax || heldBytes > bounds.heldBytesMax
      if (overflowed) forget()
    },

    /** From here on everything after `sequence` is held. Up to it, the replay brings it. */
    begin (sequence: number): void {
      covered = sequence
      overflowed = false
      forget()
    },

    /** Runs `first`, lets through what was held, and stays open. False, and nothing done, where something
     *  is missing: then another replay has to bring it. */
    open (first: () => void): boolean {
      if (overflowed) return false
      first()
      isOpen = true
      for (const item of held) pass(item)
      forget()
      return true
    },

    isOpen: () => isOpen
  }
}
