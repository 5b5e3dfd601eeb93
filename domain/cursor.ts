import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { AppError } from './errors.js'

const limits = { cursorTextMax: 1024 }

const Position = Type.Object({
  historyId: Type.String({ minLength: 1 }),
  sequence: Type.Integer({ minimum: 0 })
})

/** A place in the order of all commits. Of another history (a restored store) it means nothing. */
export type Position = Static<typeof Position>

/** An opaque place in a list, for `next`. It is neither secret nor signed: whatever a decoded cursor
 *  leads to is checked as if the client had asked for it by name. */
export function encodeCursor (place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** What a client sent back as `cursor`, once it has the shape of `schema`. */
export function decodeCursor<T extends TSchema> (schema: T, text: string): Static<T> {
  const place = parse(decode(text))
  if (!Value.Check(schema, place)) throw new AppError('cursor_invalid')
  return place
}

/** The `cursor` of events: where one stands in the whole store, opaque to clients. */
export function encodePosition (historyId: string, sequence: number): string {
  return Buffer.from(`${historyId}:${sequence}`).toString('base64url')
}

/** The position in a cursor of an event. Whether its history is still this store's is for the caller. */
export function decodePosition (text: string): Position {
  const [, historyId, digits] = /^(.+):(0|[1-9]\d{0,15})$/.exec(decode(text)) ?? []
  const position = { historyId, sequence: Number(digits) }
  if (!Value.Check(Position, position)) throw new AppError('cursor_invalid')
  return position
}

/** Only the one spelling that we'd have written ourselves: Buffer alone would skip what it can't read. */
function decode (text: string): string {
  const bytes = Buffer.from(text.slice(0, limits.cursorTextMax), 'base64url')
  if (bytes.toString('base64url') !== text) throw new AppError('cursor_invalid')
  return bytes.toString()
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('cursor_invalid', { cause })
  }
}
