import { chatLimits } from '../chat/limits.js'
import { type FrameError, frames, subprotocol } from '../chat/frames.js'
import type { AppError, Language } from '../errors.js'
import type { RealtimeLimits } from './limits.js'

/** The first frame: everything that a client has to know beforehand. */
export function hello (historyId: string, now: number, limits: RealtimeLimits): Buffer {
  const { heartbeatMs, authTimeoutMs, reconnectBaseMs, reconnectMaxMs } = limits
  const { frameBytesMax, commandsPerSecond, commandsBurst, subscriptionsMax, presenceUsersMax, typingShownMs } = limits
  const { textBytesMax, metadataKeysMax, metadataBytesMax } = chatLimits
  return frames.hello({
    protocol: subprotocol,
    historyId,
    serverTime: new Date(now).toISOString(),
    heartbeatMs,
    authTimeoutMs,
    limits: {
      frameBytesMax, commandsPerSecond, commandsBurst, subscriptionsMax, presenceUsersMax, typingShownMs, textBytesMax, metadataKeysMax, metadataBytesMax
    },
    reconnect: { baseMs: reconnectBaseMs, maxMs: reconnectMaxMs }
  })
}

/** A failure as a reply has it. */
export function frameError (error: AppError, language: Language): FrameError {
  const errors = error.flaws('data', language)
  return {
    code: error.code,
    status: error.statusCode,
    title: error.title(language),
    temporary: error.temporary,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(error.detail && { detail: error.detail[language] }),
    ...(errors && { errors })
  }
}
