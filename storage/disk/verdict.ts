import { StoreError } from '../errors.js'
import { hints } from '../hints.js'
import type { Anchor } from './anchor.js'
import type { Head, Manifest } from './manifest.js'

/** What was found on the share, to be held against the anchor. */
export interface Found {
  manifest: Manifest
  manifestHash: string
  /** Every position of the live journal: where it begins, then the end of each valid frame. */
  positions: readonly Head[]
  /** Bytes behind the last valid frame, if any. */
  tail: { place: string, offset: number, bytes: number } | null
}

export interface Verdict {
  /** How many frames of the live journal are surely durable; those behind may be in the page cache only. */
  anchoredFrames: number
  /** Why a person must confirm this head before it is served. */
  doubt: StoreError | null
}

/** Torn or tampered? Decided by the anchor alone, and exactly: what it holds as acknowledged must be
 *  there; what lies behind it never was acknowledged.
 *  @throws StoreError store_damaged, which nobody can confirm away */
export function judge (anchor: Anchor | null, found: Found): Verdict {
  const { manifest, manifestHash } = found
  if (anchor !== null && anchor.manifest.number > manifest.number) {
    return { anchoredFrames: 0, doubt: doubt('store_rolled_back', `the anchor knows manifest.${anchor.manifest.number}, here is manifest.${manifest.number}`) }
  }
  const same = anchor !== null && anchor.manifest.number === manifest.number
  if (same && anchor.manifest.hash !== manifestHash) {
    throw new StoreError('store_damaged', { place: `manifest.${manifest.number}: there are two different ones of that number`, hint: hints.keepAndRestore })
  }
  // The manifest vouches for its own head, whoever looks; the anchor for what came behind it.
  const verdict = mustHold(same ? anchor.head : manifest.head, found)
  if (verdict.doubt !== null || same) return verdict
  return { ...verdict, doubt: anchor === null ? doubt('head_unconfirmed', 'there is no anchor on this machine') : judgeNewer(anchor, manifest) }
}

/** A head that was durable must be one of the positions here. */
function mustHold (head: Head, { positions, tail }: Found): Verdict {
  const index = positions.findIndex(({ sequence }) => sequence === head.sequence)
  if (index >= 0 && positions[index]?.chain === head.chain) return { anchoredFrames: index, doubt: null }
  const last = positions.at(-1)?.sequence ?? 0
  if (index >= 0 || last > head.sequence) {
    throw new StoreError('store_damaged', { place: `sequence ${head.sequence} is another one than was acknowledged`, hint: hints.keepAndRestore })
  }
  if (tail !== null) {
    throw new StoreError('store_damaged', {
      place: `${tail.place} at offset ${tail.offset}: sequences ${last + 1} to ${head.sequence} were acknowledged and can't be read`, hint: hints.keepAndRestore
    })
  }
  return { anchoredFrames: 0, doubt: doubt('store_rolled_back', `sequences ${last + 1} to ${head.sequence} were acknowledged and are gone`) }
}

/** A newer manifest: my own of just before a crash, or those of owners after me. */
function judgeNewer ({ head, generation }: Anchor, manifest: Manifest): StoreError | null {
  const same = (each: Head) => each.sequence === head.sequence && each.chain === head.chain
  const past = manifest.ended.find((each) => each.generation === generation)
  if (same(manifest.head) || past?.last.some(same) === true) return null
  const last = past?.last.at(-1)?.sequence
  if (last !== undefined && head.sequence > last) {
    return doubt('store_rolled_back', `sequences ${last + 1} to ${head.sequence} were acknowledged here, and a later owner did not find them`)
  }
  return doubt('head_unconfirmed', 'the anchor on this machine is too old to vouch for this store')
}

const doubt = (code: 'head_unconfirmed' | 'store_rolled_back', place: string): StoreError => new StoreError(code, { place })
