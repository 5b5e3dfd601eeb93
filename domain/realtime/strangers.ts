export interface StrangerBounds { socketsUnauthenticatedMax: number, socketsUnauthenticatedPerAddressMax: number }

/** Counts the sockets that have not said who they are, in all and by address. */
export function createStrangers (bounds: StrangerBounds) {
  const addresses = new Map<string, number>()
  let total = 0

  function add (address: string, by: 1 | -1) {
    const count = (addresses.get(address) ?? 0) + by
    total += by
    if (count > 0) addresses.set(address, count)
    else addresses.delete(address)
  }

  return {
    count: () => total,

    hasRoomFor: (address: string): boolean => total < bounds.socketsUnauthenticatedMax &&
      (addresses.get(address) ?? 0) < bounds.socketsUnauthenticatedPerAddressMax,

    /** Returns the way out: it counts once, however often it is taken. */
    arrive (address: string): () => void {
      let isHere = true
      add(address, 1)
      return () => {
        if (isHere) add(address, -1)
        isHere = false
      }
    }
  }
}
