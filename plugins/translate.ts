import type { FastifySchemaValidationError } from 'fastify'
import { AppError, type FailureCode, type Language } from '../domain/errors.js'
import { describeFaults } from '../domain/faults.js'
import { StoreError, type StoreFailureCode } from '../storage/index.js'

/** What a client may be told of a failing store, and when to come back. The rest is `internal`. */
const ofTheStore: Partial<Record<StoreFailureCode, { code: FailureCode, retryAfterMs?: number }>> = {
  store_busy: { code: 'store_busy', retryAfterMs: 1_000 },
  store_full: { code: 'store_full', retryAfterMs: 60_000 },
  store_unavailable: { code: 'store_unavailable', retryAfterMs: 5_000 },
  store_closed: { code: 'shutting_down', retryAfterMs: 2_000 },
  outcome_unknown: { code: 'outcome_unknown', retryAfterMs: 1_000 },
  batch_too_large: { code: 'payload_too_large' },
  store_damaged: { code: 'integrity' },
  io_failed: { code: 'store_unavailable', retryAfterMs: 5_000 }
}

const ofFastify: Record<string, FailureCode> = {
  FST_ERR_BAD_URL: 'request_malformed',
  FST_ERR_MAX_PARAM_LENGTH: 'route_not_found',
  FST_ERR_NOT_FOUND: 'route_not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_malformed',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout'
}

/** Libraries that throw on a fault of the request say so by a status alone. */
const ofStatus: Record<number, FailureCode> = {
  400: 'request_malformed',
  404: 'route_not_found',
  406: 'not_acceptable',
  413: 'payload_too_large',
  415: 'media_type_unsupported',
  429: 'rate_limited'
}

interface Failed {
  code?: unknown
  statusCode?: unknown
  validation?: FastifySchemaValidationError[]
  validationContext?: string
}

/** Whatever was thrown while a request was answered, as one of the failures that a client can meet. */
export function translate (thrown: unknown, language: Language): AppError {
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof StoreError) return fromStore(thrown)
  if (!(thrown instanceof Error)) return new AppError('internal', { cause: thrown })
  const { code, statusCode, validation, validationContext = 'body' }: Error & Failed = thrown
  if (validation !== undefined) {
    const part = validationContext === 'querystring' ? 'query' : validationContext
    return new AppError('validation_failed', { cause: thrown, errors: describeFaults(part, validation, language) })
  }
  return new AppError(ofFastify[String(code)] ?? ofStatus[Number(statusCode)] ?? 'internal', { cause: thrown })
}

function fromStore (cause: StoreError): AppError {
  const { code, ...options } = ofTheStore[cause.code] ?? { code: 'internal' }
  return new AppError(code, { cause, ...options })
}
