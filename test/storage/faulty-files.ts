import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { files as real, type Files } from '../../storage/disk/files.js'

/** Real files with a will of their own, for the threads of a store: `faulty-files.js?plan=FILE`. What the
 *  plan asks for happens to the Nth call of that name once the plan is there; then the plan is removed,
 *  unless it is to go on `for ever`: then until the file is removed. */
export interface Plan {
  call: 'write' | 'fsync' | 'fdatasync' | 'rename' | 'link' | 'close' | 'open'
  nth: number
  fault: 'EIO' | 'ENOSPC' | 'EDQUOT' | 'ESTALE' | 'short' | 'slow'
  forEver: boolean
  /** Of `slow`. */
  ms?: number
  /** Only calls on paths (or descriptors of paths) with this text. */
  path?: string
}

const ERRNO = { EIO: 5, ENOSPC: 28, EDQUOT: 122, ESTALE: 116 }
const planFile = new URL(import.meta.url).searchParams.get('plan') ?? fileURLToPath(import.meta.url)
const paths = new Map<number, string>()
let counted = 0
let last = ''

function readPlan (): Plan | null {
  try {
    return JSON.parse(readFileSync(planFile, 'utf8')) as Plan
  } catch { return null }
}

/** What is to happen to this call, if anything. */
function faultOf (call: string, path: string): Plan | null {
  const plan = readPlan()
  const text = JSON.stringify(plan)
  if (text !== last) counted = 0
  last = text
  if (plan === null || plan.call !== call || (plan.path !== undefined && !path.includes(plan.path))) return null
  if (++counted < plan.nth) return null
  if (!plan.forEver) rmSync(planFile)
  return plan
}

function fail ({ fault, ms = 0 }: Plan): void {
  if (fault === 'slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  if (fault === 'slow' || fault === 'short') return
  // As v3 of NFS tells it: a number without a name.
  const code = fault === 'ESTALE' ? 'Unknown system error -116' : fault
  throw Object.assign(new Error(`${code}: planned`), { code, errno: -ERRNO[fault] })
}

function faulty<A extends readonly unknown[], R> (call: Plan['call'], pathOf: (...args: A) => string, work: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const plan = faultOf(call, pathOf(...args))
    if (plan !== null) fail(plan)
    return work(...args)
  }
}

const ofFd = (fd: number): string => paths.get(fd) ?? ''
const ofPath = (_: string, path: string): string => path

export const files: Files = {
  ...real,
  open: faulty('open', (path) => path, (path: string, how: Parameters<Files['open']>[1]) => {
    const fd = real.open(path, how)
    paths.set(fd, path)
    return fd
  }),
  write (fd, bytes, start, length, position) {
    const plan = faultOf('write', ofFd(fd))
    if (plan !== null && plan.fault !== 'short') {
      // A full disk takes a part first.
      if (plan.fault === 'ENOSPC' && length > 1) real.write(fd, bytes, start, length >> 1, position)
      fail(plan)
    }
    return real.write(fd, bytes, start, plan?.fault === 'short' && length > 1 ? length >> 1 : length, position)
  },
  fsync: faulty('fsync', ofFd, real.fsync),
  fdatasync: faulty('fdatasync', ofFd, real.fdatasync),
  close: faulty('close', ofFd, real.close),
  rename: faulty('rename', ofPath, real.rename),
  link: faulty('link', ofPath, real.link)
}
