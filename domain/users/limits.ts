const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** Every bound on accounts and sessions. None of them has a zero that means "no limit". */
export const limits = {
  /** As typed; Unicode's normal form may be shorter or longer. */
  nameTypedMax: 128,
  nameLengthMin: 3,
  nameLengthMax: 32,
  /** Marks (accents, vowel signs) on one letter. */
  nameMarksMax: 3,
  displayNameLengthMax: 64,
  passwordLengthMin: 8,
  passwordLengthMax: 256,

  /** One password costs 19 MiB and some 30 ms of a core, so few are worked on at once. */
  passwordsAtOnceMax: 2,
  passwordsWaitingMax: 64,
  passwordsRetryAfterMs: 2_000,

  accessTokenMs: 15 * minuteMs,
  /** How long one key signs access tokens before another takes its place. */
  signingKeyMs: 90 * dayMs,
  accessTokenBytesMax: 8_192,
  verifiedTokensMax: 8_192,
  liveSessionsMax: 65_536,

  refreshTokenLengthMax: 128,
  refreshTokenMs: 30 * dayMs,
  /** A client that lost the answer may show the token before the newest one for so long. */
  refreshGraceMs: 30_000,
  sessionMs: 180 * dayMs,
  sessionsPerUserMax: 100,
  userAgentLengthMax: 256,
  addressLengthMax: 64,

  /** Users looked at for one page of a search: such a page may be short, or empty, and still have a next. */
  usersScannedMax: 500,
  userQueryLengthMax: 64
}
