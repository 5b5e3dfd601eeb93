import { AppError } from '../errors.js'
import { chatLimits } from './limits.js'
import type { Content } from './log-entries.js'
import type { MessageChange, Metadata, NewMessage } from './schema.js'

/** The rules of what a message may say. Schemas count characters; bytes are counted here. */

export function newContent (input: NewMessage): Content {
  const { kind = 'text', text, attachments = [], metadata = {} } = input
  return checked({ kind, text, attachments, metadata })
}

/** A message after a merge patch; the very same object where the patch changes nothing. */
export function changedContent (content: Content, change: MessageChange): Content {
  const text = change.text ?? content.text
  const metadata = change.metadata === undefined ? content.metadata : merged(content.metadata, change.metadata)
  const same = text === content.text && JSON.stringify(metadata) === JSON.stringify(content.metadata)
  return same ? content : checked({ ...content, text, metadata })
}

function merged (metadata: Metadata, patch: Exclude<MessageChange['metadata'], undefined>): Metadata {
  if (patch === null) return {}
  const next: Metadata = { ...metadata }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete next[name]
    else next[name] = value
  }
  return next
}

function checked (content: Content): Content {
  const { text, metadata } = content
  if (Buffer.byteLength(text) > chatLimits.textBytesMax) throw tooMuch('/text', chatLimits.textBytesMax, 'bytes')
  if (Buffer.byteLength(JSON.stringify(metadata)) > chatLimits.metadataBytesMax) throw tooMuch('/metadata', chatLimits.metadataBytesMax, 'bytes')
  if (Object.keys(metadata).length > chatLimits.metadataKeysMax) throw tooMuch('/metadata', chatLimits.metadataKeysMax, 'keys')
  return content
}

const units = { bytes: { es: 'bytes', en: 'bytes' }, keys: { es: 'claves', en: 'keys' } }

const tooMuch = (field: string, most: number, unit: keyof typeof units) =>
  new AppError('validation_failed', { faults: [{ field, es: `debe tener como mucho ${most} ${units[unit].es}`, en: `must have at most ${most} ${units[unit].en}` }] })
