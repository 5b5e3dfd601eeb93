import t from 'tap'
import type { Anchor } from '../../storage/disk/anchor.js'
import type { Head, Manifest } from '../../storage/disk/manifest.js'
import { judge, type Found } from '../../storage/disk/verdict.js'
import { codeOf } from './helper.js'

const head = (sequence: number, chain = `c${sequence}`): Head => ({ sequence, chain })
const tail = { place: 'journal/x', offset: 900, bytes: 12 }

function manifestOf (changes: Partial<Manifest> = {}): Manifest {
  const live = { name: 'x', generation: 3, after: head(10) }
  return { number: 7, previous: 'p', historyId: 'h', generation: 3, keyring: { number: 1, hash: 'k' }, head: head(10), tables: [], tablesHead: head(0), journals: [], live, ended: [], ...changes }
}

const foundOf = (changes: Partial<Found> = {}): Found => ({ manifest: manifestOf(), manifestHash: 'm7', positions: [head(10), head(12), head(13)], tail: null, ...changes })

const anchorOf = (changes: Partial<Anchor> = {}): Anchor =>
  ({ anchorId: 'a', count: 4, generation: 3, manifest: { number: 7, hash: 'm7' }, keyring: { number: 1, hash: 'k' }, head: head(12), ...changes })

function verdict (anchor: Anchor | null, found: Found): string {
  try {
    const { anchoredFrames, doubt } = judge(anchor, found)
    return doubt === null ? `good ${anchoredFrames}` : `${doubt.code}: ${doubt.place}`
  } catch (err) { return `! ${codeOf(err)}: ${err instanceof Error && 'place' in err ? String(err.place) : ''}` }
}

const older = { number: 6, hash: 'm6' }
const ended = [{ generation: 2, last: [head(8), head(9)] }]

const cases: [string, Anchor | null, Found, RegExp][] = [
  ['no anchor', null, foundOf(), /^head_unconfirmed/],
  ['no anchor, and what the manifest vouches for is gone', null, foundOf({ manifest: manifestOf({ head: head(14) }) }), /^store_rolled_back: sequences 14 to 14/],
  ['no anchor, and what the manifest vouches for is damaged', null, foundOf({ manifest: manifestOf({ head: head(14) }), tail }), /^! store_damaged: journal\/x at offset 900/],

  ['the last frame but one is anchored', anchorOf(), foundOf(), /^good 1$/],
  ['the last frame is anchored', anchorOf({ head: head(13) }), foundOf(), /^good 2$/],
  ['the beginning of the journal is anchored', anchorOf({ head: head(10) }), foundOf(), /^good 0$/],
  ['a torn tail behind the anchored head', anchorOf(), foundOf({ tail }), /^good 1$/],
  ['the anchored head is missing', anchorOf({ head: head(15) }), foundOf(), /^store_rolled_back: sequences 14 to 15/],
  ['the anchored head is damaged', anchorOf({ head: head(15) }), foundOf({ tail }), /^! store_damaged: journal\/x at offset 900: sequences 14 to 15/],
  ['the anchored sequence has another chain', anchorOf({ head: head(12, 'other') }), foundOf(), /^! store_damaged: sequence 12/],
  ['the anchored sequence lies within a frame', anchorOf({ head: head(11) }), foundOf(), /^! store_damaged: sequence 11/],
  ['a manifest of the same number with another hash', anchorOf({ manifest: { number: 7, hash: 'other' } }), foundOf(), /^! store_damaged: manifest.7: there are two/],

  ['an older manifest than the anchor\'s', anchorOf({ manifest: { number: 8, hash: 'm8' } }), foundOf(), /^store_rolled_back: the anchor knows manifest.8, here is manifest.7/],

  ['a newer manifest, written just before a crash', anchorOf({ manifest: older, head: head(10) }), foundOf(), /^good 0$/],
  ['a newer manifest whose head lies within the live journal', anchorOf({ manifest: older, head: head(12) }), foundOf({ manifest: manifestOf({ head: head(12) }) }), /^good 1$/],
  ['a newer manifest whose own head is gone', anchorOf({ manifest: older, head: head(10) }), foundOf({ manifest: manifestOf({ head: head(14) }) }), /^store_rolled_back: sequences 14/],
  ['later owners took over where I ended', anchorOf({ manifest: older, generation: 2, head: head(9) }), foundOf({ manifest: manifestOf({ ended }) }), /^good 0$/],
  ['later owners took over one frame further', anchorOf({ manifest: older, generation: 2, head: head(8) }), foundOf({ manifest: manifestOf({ ended }) }), /^good 0$/],
  ['later owners did not find my last one', anchorOf({ manifest: older, generation: 2, head: head(11) }), foundOf({ manifest: manifestOf({ ended }) }), /^store_rolled_back: sequences 10 to 11 were acknowledged here/],
  ['later owners know my sequence otherwise', anchorOf({ manifest: older, generation: 2, head: head(9, 'other') }), foundOf({ manifest: manifestOf({ ended }) }), /^head_unconfirmed: .*too old/],
  ['later owners have forgotten my generation', anchorOf({ manifest: older, generation: 1, head: head(5) }), foundOf({ manifest: manifestOf({ ended }) }), /^head_unconfirmed: .*too old/]
]

for (const [what, anchor, found, wanted] of cases) {
  t.test(what, async (t) => { t.match(verdict(anchor, found), wanted) })
}
