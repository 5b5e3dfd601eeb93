/** Remembers at most `max` things. The oldest goes first: what is asked for again is found out again. */
export function createBounded<T> (max: number) {
  const known = new Map<string, T>()

  return {
    get: (name: string): T | undefined => known.get(name),
    forget: (name: string): boolean => known.delete(name),
    set (name: string, value: T): void {
      known.delete(name)
      known.set(name, value)
      const [oldest = name] = known.keys()
      if (known.size > max) known.delete(oldest)
    }
  }
}
