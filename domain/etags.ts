import { AppError } from './errors.js'

/** The strong validator of a document: the version that the store gave it. */
export const etag = (version: number): string => `"${version}"`

/** `If-Match` as HTTP has it (RFC 9110): any one of a list, or `*` for whatever is there. A weak ETag
 *  matches nothing.
 *  @throws precondition_failed */
export function requireMatch (ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const wanted = ifMatch.split(',').map((tag) => tag.trim())
  if (!wanted.includes(etag(version))) throw new AppError('precondition_failed')
}
