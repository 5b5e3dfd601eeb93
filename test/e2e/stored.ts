import type { StoredEvent } from './people.js'
import type { Acknowledged, Sender } from './senders.js'

/** What went wrong between what was acknowledged and what is there; nothing is well. */
export interface Losses { missing: string[], doubled: string[], outOfOrder: string[], gaps: string[], unasked: string[] }

/** Holds the whole log of a conversation against what its senders were told. */
export function findLosses (log: readonly StoredEvent[], senders: readonly Sender[]): Losses {
  const messages = log.filter(({ type }) => type === 'message.created')
  return {
    missing: senders.flatMap((sender) => sender.acknowledged.filter((each) => !isThere(each, sender, messages)).map(({ clientId }) => clientId)),
    doubled: repeated(messages.map(({ data }) => data.text ?? '')),
    outOfOrder: senders.flatMap(({ acknowledged }) => acknowledged.filter(({ seq }, i) => seq <= (acknowledged[i - 1]?.seq ?? 0)).map(({ clientId }) => clientId)),
    gaps: [
      ...log.filter(({ seq }, i) => seq !== i + 1).map(({ seq }) => `seq ${seq}`),
      ...messages.filter(({ data }, i) => data.ordinal !== i + 1).map(({ data }) => `ordinal ${data.ordinal}`)
    ],
    unasked: messages.filter(({ data }) => !senders.some(({ acknowledged }) => acknowledged.some(({ text }) => text === data.text))).map(({ data }) => data.text ?? '')
  }
}

const isThere = ({ seq, id, text }: Acknowledged, { author }: Sender, messages: readonly StoredEvent[]): boolean =>
  messages.some((event) => event.seq === seq && event.data.id === id && event.data.text === text && event.data.author === author)

function repeated (texts: readonly string[]): string[] {
  const seen = new Set<string>()
  return texts.filter((text) => seen.size === seen.add(text).size)
}

export const noLosses: Losses = { missing: [], doubled: [], outOfOrder: [], gaps: [], unasked: [] }
