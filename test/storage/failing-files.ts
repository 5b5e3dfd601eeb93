import type { Files } from '../../storage/disk/files.js'

const CHANGING = new Set(['write', 'fsync', 'fdatasync', 'close', 'rename', 'link', 'unlink', 'mkdir'])

export interface Failing {
  files: Files
  /** How many calls that change something were made. */
  calls (): number
  /** What the call that failed was. */
  failed (): string
}

/** The Nth call that changes something fails, before or after it took effect; then, if `dead`, all do,
 *  as for a process that was killed. */
export function failAt (files: Files, nth: number, when: 'before' | 'after', dead: boolean): Failing {
  let calls = 0
  let failed = ''
  const error = (what: string) => Object.assign(new Error(`EIO: ${what}`), { code: 'EIO', errno: -5 })

  function call<A extends readonly unknown[], R> (name: string, work: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      if (dead && failed !== '') throw error('dead')
      const changes = CHANGING.has(name) || (name === 'open' && args[1] === 'create')
      if (!changes || ++calls !== nth) return work(...args)
      failed = `${name} ${args.filter((arg) => typeof arg === 'string').join(' ')}`
      if (when === 'after') work(...args)
      throw error(failed)
    }
  }

  return {
    calls: () => calls,
    failed: () => failed,
    files: {
      open: call('open', files.open),
      write: call('write', files.write),
      read: call('read', files.read),
      stat: call('stat', files.stat),
      fsync: call('fsync', files.fsync),
      fdatasync: call('fdatasync', files.fdatasync),
      close: call('close', files.close),
      rename: call('rename', files.rename),
      link: call('link', files.link),
      unlink: call('unlink', files.unlink),
      exists: call('exists', files.exists),
      isFolder: call('isFolder', files.isFolder),
      mkdir: call('mkdir', files.mkdir),
      list: call('list', files.list)
    }
  }
}
