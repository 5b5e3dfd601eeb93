import type { Files } from '../../storage/disk/files.js'

/** A disk in memory that knows what was synced: a power cut loses the rest, as `crash` wants it. */
interface File { kind: 'file', data: Buffer, synced: Buffer, links: number }
interface Folder { kind: 'folder', names: Map<string, Node>, synced: Map<string, Node> }
type Node = File | Folder

/** What becomes of bytes and names that nothing synced. */
export type Loss = 'all kept' | 'all lost' | 'names kept, bytes lost' | 'half of the bytes'

export interface MemoryDisk {
  files: Files
  /** The disk as it is after the power came back. */
  crash (loss: Loss): MemoryDisk
  /** Every file with its bytes, to read or to damage. */
  paths (): string[]
  read (path: string): Buffer
  write (path: string, bytes: Buffer | null): void
}

const folder = (): Folder => ({ kind: 'folder', names: new Map(), synced: new Map() })

function failure (code: string, errno: number, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, errno: -errno })
}

export function createMemoryDisk (root: Folder = folder()): MemoryDisk {
  const open = new Map<number, Node>()
  let nextFd = 1000

  function find (path: string): Node | undefined {
    let node: Node | undefined = root
    for (const name of path.split('/').filter((part) => part !== '')) node = node?.kind === 'folder' ? node.names.get(name) : undefined
    return node
  }

  function split (path: string): { parent: Folder, name: string } {
    const at = path.lastIndexOf('/')
    const parent = find(path.slice(0, at))
    if (parent?.kind !== 'folder') throw failure('ENOENT', 2, path)
    return { parent, name: path.slice(at + 1) }
  }

  function file (fd: number): File {
    const node = open.get(fd)
    if (node?.kind !== 'file') throw failure('EBADF', 9, String(fd))
    return node
  }

  function mustFind (path: string): Node {
    const node = find(path)
    if (node === undefined) throw failure('ENOENT', 2, path)
    return node
  }

  function makeFile (path: string): File {
    const { parent, name } = split(path)
    if (parent.names.has(name)) throw failure('EEXIST', 17, path)
    const made: File = { kind: 'file', data: Buffer.alloc(0), synced: Buffer.alloc(0), links: 1 }
    parent.names.set(name, made)
    return made
  }

  const files: Files = {
    open (path, how) {
      const node = how === 'create' ? makeFile(path) : mustFind(path)
      open.set(++nextFd, node)
      return nextFd
    },
    write (fd, bytes, start, length, position) {
      const target = file(fd)
      const end = position + length
      const data = Buffer.alloc(Math.max(end, target.data.length))
      target.data.copy(data)
      bytes.copy(data, position, start, start + length)
      target.data = data
      return length
    },
    read: (fd, bytes, start, length, position) => file(fd).data.copy(bytes, start, position, position + length),
    stat: (fd) => {
      const node = open.get(fd)
      return node?.kind === 'file' ? { size: node.data.length, regular: true, links: node.links } : { size: 0, regular: false, links: 1 }
    },
    fsync (fd) {
      const node = open.get(fd)
      if (node?.kind === 'file') node.synced = node.data
      else if (node !== undefined) node.synced = new Map(node.names)
    },
    fdatasync (fd) { file(fd).synced = file(fd).data },
    close (fd) { open.delete(fd) },
    rename (from, to) {
      const node = mustFind(from)
      const target = split(to)
      target.parent.names.set(target.name, node)
      const source = split(from)
      source.parent.names.delete(source.name)
    },
    link (from, to) {
      const node = mustFind(from)
      const { parent, name } = split(to)
      if (parent.names.has(name)) throw failure('EEXIST', 17, to)
      if (node.kind === 'file') node.links++
      parent.names.set(name, node)
    },
    unlink (path) {
      const node = mustFind(path)
      const { parent, name } = split(path)
      if (node.kind === 'file') node.links--
      parent.names.delete(name)
    },
    exists: (path) => find(path) !== undefined,
    isFolder: (path) => find(path)?.kind === 'folder',
    mkdir (path) {
      let node: Node = root
      for (const name of path.split('/').filter((part) => part !== '')) {
        const next: Node = node.kind === 'folder' ? node.names.get(name) ?? folder() : folder()
        if (node.kind === 'folder') node.names.set(name, next)
        node = next
      }
    },
    list (path) {
      const node = mustFind(path)
      return node.kind === 'folder' ? [...node.names.keys()].sort() : []
    }
  }

  function pathsBelow (node: Folder, prefix: string): string[] {
    return [...node.names].flatMap(([name, child]) => child.kind === 'file' ? [`${prefix}/${name}`] : pathsBelow(child, `${prefix}/${name}`))
  }

  return {
    files,
    crash: (loss) => createMemoryDisk(survivors(root, loss, new Map())),
    paths: () => pathsBelow(root, '').sort(),
    read (path) {
      const node = mustFind(path)
      return node.kind === 'file' ? node.data : Buffer.alloc(0)
    },
    write (path, bytes) {
      const { parent, name } = split(path)
      if (bytes === null) parent.names.delete(name)
      else parent.names.set(name, { kind: 'file', data: bytes, synced: bytes, links: 1 })
    }
  }
}

/** One node may have two names, so each is copied once. */
function survivors (node: Folder, loss: Loss, seen: Map<Node, Node>): Folder {
  const names = new Map<string, Node>()
  for (const [name, child] of loss === 'all lost' ? node.synced : node.names) {
    const known = seen.get(child) ?? (child.kind === 'folder' ? survivors(child, loss, seen) : fileAfter(child, loss))
    seen.set(child, known)
    names.set(name, known)
  }
  return { kind: 'folder', names, synced: new Map(names) }
}

function fileAfter ({ data, synced, links }: File, loss: Loss): File {
  const kept = loss === 'all kept' ? data : loss === 'half of the bytes' ? tornBytes(data, synced) : bytesLost(data, synced)
  return { kind: 'file', data: kept, synced: kept, links }
}

/** Bytes written over others are as before; a size that grew may be there without its bytes. */
function bytesLost (data: Buffer, synced: Buffer): Buffer {
  if (data === synced) return data
  const result = Buffer.alloc(Math.max(data.length, synced.length))
  synced.copy(result)
  return result
}

/** Of all that changed the first half made it. */
function tornBytes (data: Buffer, synced: Buffer): Buffer {
  const result = bytesLost(data, synced)
  const first = data.findIndex((byte, index) => byte !== result[index])
  if (first >= 0) data.copy(result, first, first, first + Math.ceil((data.length - first) / 2))
  return result
}
