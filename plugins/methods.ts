interface Known { path: RegExp, methods: Set<string> }

/** Which methods a path answers to: Fastify itself can only be asked by pattern. Looked at for requests
 *  that met no route, so a walk over the list is quick enough. */
export function createMethodTable () {
  const table = new Map<string, Known>()

  return {
    add (pattern: string, methods: string | readonly string[]): void {
      const known = table.get(pattern) ?? { path: toRegExp(pattern), methods: new Set() }
      for (const method of [methods].flat()) known.methods.add(method)
      table.set(pattern, known)
    },

    of (path: string): string[] {
      const known = [...table.values()].filter((entry) => entry.path.test(path))
      return [...new Set(known.flatMap(({ methods }) => [...methods]))].sort()
    }
  }
}

function toRegExp (pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
