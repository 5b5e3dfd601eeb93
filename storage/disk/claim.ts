import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from '../cipher.js'
import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import type { StoreObserver } from '../store.js'
import { openDocument, sealDocument } from './document.js'
import type { Files } from './files.js'
import { isAlive, listenAsOwner, removeDeadSockets, type OwnerSocket } from './owner-socket.js'
import { numbersOf, type Places } from './places.js'
import { createDurably, discard, isTaken, readWhole, writeAll, writeDurably } from './steps.js'

/** Who writes: one claim a generation, made by link(2), which has exactly one winner on NFS too. The
 *  winner points `lease` at itself; whoever finds the pointer changed stops. */
export interface Claim {
  generation: number
  /** The owner's machine, and the socket beside its anchor that lives as long as the owner does. */
  anchorId: string
  socket: string
  host: string
  pid: number
  since: string
  /** Grows while the owner lives. */
  beat: number
  /** Left in good order: nobody needs to wait. */
  released: boolean
}

export interface ClaimContext {
  files: Files
  places: Places
  controlKey: Buffer
  storeId: Buffer
  observer: StoreObserver
  /** Of this machine. */
  anchorId: string
  termMs: number
}

/** What stands in the way: nothing, an owner that is surely dead, or one that must be outwaited. */
export interface Holder { generation: number, wait: boolean }

export interface Ownership {
  generation: number
  /** Whether the pointer still is mine: asked after every sync, before any acknowledgement.
   *  @throws StoreError store_unmounted where there is none, which no other owner would leave behind */
  isMine (): boolean
  beat (): void
  /** Gives it up in good order. */
  release (): Promise<void>
}

const JSON_BYTES = 512
/** What the head of a file has room for. */
const GENERATION_MAX = 2 ** 32 - 1
const DOCUMENT_BYTES_MAX = 4096

const claimPlace = (storeId: Buffer, generation: number) => ({ kind: 'claim', name: `claims/${generation}`, storeId } as const)
const leasePlace = (storeId: Buffer) => ({ kind: 'lease', name: 'lease', storeId } as const)

/** Looks, and changes nothing.
 *  @throws StoreError store_held naming the holder */
export async function findHolder (context: ClaimContext): Promise<Holder> {
  const { files, places, anchorId, termMs } = context
  const generation = numbersOf(files.list(places.claims), '').at(-1) ?? 0
  const lease = readLease(context)
  const claim = generation > 0 ? readClaim(context, generation) : null
  const newest = claim !== null && claim.generation >= (lease?.generation ?? 0) ? claim : lease
  const floor = Math.max(generation, lease?.generation ?? 0)
  if (newest === null) {
    if (floor > 0) {
      context.observer.event('warn', 'owner_unreadable', { place: `claims/${floor}`, waitMs: 2 * termMs })
      await watch(context, floor, null)
    }
    return { generation: floor, wait: floor > 0 }
  }
  if (newest.released) return { generation: floor, wait: false }
  if (newest.anchorId === anchorId) {
    if (await isAlive(places.anchor, newest.socket)) throw held(newest)
    return { generation: floor, wait: false }
  }
  context.observer.event('warn', 'owner_elsewhere', { host: newest.host, pid: newest.pid, waitMs: 2 * termMs })
  await watch(context, floor, newest)
  return { generation: floor, wait: true }
}

/** A whole term on this machine's own clock without a change of the owner's bytes, readable or not. */
async function watch ({ files, places, termMs }: ClaimContext, generation: number, holder: Claim | null): Promise<void> {
  const look = () => readWhole(files, places.claim(generation), DOCUMENT_BYTES_MAX)?.toString('base64') ?? ''
  const first = look()
  const step = Math.min(1000, termMs / 5)
  for (let waited = 0; waited < termMs; waited += step) {
    await sleep(step)
    if (look() !== first) throw held(holder)
  }
}

function held (holder: Claim | null): StoreError {
  const who = holder === null ? 'an owner whose claim can\'t be read' : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new StoreError('store_held', { place: who, hint: hints.stopHolder })
}

/** Claims the next generation. Listens before it claims, so that a claim of this machine without a
 *  listener is always a dead one.
 *  @throws StoreError store_held where another one was faster */
export async function takeOver (context: ClaimContext, holder: Holder, floor: number): Promise<Ownership> {
  const { files, places, termMs } = context
  const generation = Math.max(holder.generation, floor) + 1
  if (generation > GENERATION_MAX) throw new StoreError('store_damaged', { place: `claims/${holder.generation}`, hint: hints.removeClaim })
  files.mkdir(places.anchor)
  const socket = await listenAsOwner(places.anchor, `owner-${randomBytes(8).toString('hex')}`)
  try {
    const claim = newClaim(context, generation, socket)
    const ownership = claimGeneration(context, claim, socket)
    // A woken owner finds the pointer changed before it can acknowledge anything; one that is just
    // between its look and its acknowledgement is given a term to end it.
    if (holder.wait) await sleep(termMs)
    removeDeadSockets(files, places.anchor, socket.name)
    return ownership
  } catch (err) {
    await socket.close()
    throw err
  }
}

const newClaim = ({ anchorId }: ClaimContext, generation: number, socket: OwnerSocket): Claim => ({
  generation,
  anchorId,
  socket: socket.name,
  host: hostname(),
  pid: process.pid,
  since: new Date().toISOString(),
  beat: 0,
  released: false
})

function claimGeneration (context: ClaimContext, claim: Claim, socket: OwnerSocket): Ownership {
  const { files, places, controlKey, storeId } = context
  linkClaim(context, claim)
  const lease = sealDocument(controlKey, leasePlace(storeId), claim, JSON_BYTES)
  writeDurably(files, places.lease, lease)

  function rewrite (changes: Partial<Claim>) {
    Object.assign(claim, changes)
    const fd = files.open(places.claim(claim.generation), 'overwrite')
    try {
      writeAll(files, fd, sealDocument(controlKey, claimPlace(storeId, claim.generation), claim, JSON_BYTES), 0)
    } finally {
      files.close(fd)
    }
  }

  function isMine (): boolean {
    const pointer = readWhole(files, places.lease, DOCUMENT_BYTES_MAX)
    if (pointer === null) throw new StoreError('store_unmounted', { place: places.lease })
    return pointer.equals(lease)
  }

  for (const old of numbersOf(files.list(places.claims), '').filter((number) => number < claim.generation - 1)) {
    discard(files, places.claim(old))
  }
  return {
    generation: claim.generation,
    isMine,
    beat () { rewrite({ beat: claim.beat + 1 }) },
    async release () {
      try {
        if (readWhole(files, places.lease, DOCUMENT_BYTES_MAX)?.equals(lease)) rewrite({ released: true })
      } finally {
        await socket.close()
      }
    }
  }
}

function linkClaim ({ files, places, controlKey, storeId }: ClaimContext, claim: Claim): void {
  const bytes = sealDocument(controlKey, claimPlace(storeId, claim.generation), claim, JSON_BYTES)
  try {
    createDurably(files, places.claim(claim.generation), bytes)
  } catch (err) {
    throw isTaken(err) ? held(null) : err
  }
}

function readClaim ({ files, places, controlKey, storeId }: ClaimContext, generation: number): Claim | null {
  return open(readWhole(files, places.claim(generation), DOCUMENT_BYTES_MAX), controlKey, claimPlace(storeId, generation))
}

function readLease ({ files, places, controlKey, storeId }: ClaimContext): Claim | null {
  return open(readWhole(files, places.lease, DOCUMENT_BYTES_MAX), controlKey, leasePlace(storeId))
}

function open (bytes: Buffer | null, controlKey: Buffer, place: Parameters<typeof openDocument>[1]): Claim | null {
  if (bytes === null) return null
  const opened = openDocument(controlKey, place, bytes)
  return opened.verdict === 'good' ? opened.value as Claim : null
}
