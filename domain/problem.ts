import type { AppError, Language } from './errors.js'
import type { Problem } from './schema.js'

/** A failure as a client reads it (RFC 9457). `instance` is the id of the request, `part` where it had its input. */
export function problemOf (error: AppError, language: Language, instance: string, part: 'body' | 'query' = 'body'): Problem {
  const errors = error.flaws(part, language)
  return {
    type: `/problems/${error.code}`,
    title: error.title(language),
    status: error.statusCode,
    code: error.code,
    ...(error.detail && { detail: error.detail[language] }),
    instance,
    ...(errors && { errors }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs })
  }
}
