/** Every bound of the store, in one place. */
export const limits = {
  /** One batch as a line of JSON, and what of it one group takes at the most (a character is at most three bytes). */
  batchCharactersMax: 1024 * 1024,
  groupCharactersMax: 1024 * 1024,
  /** Ciphertext of one frame; more than a whole group can be. */
  frameBytesMax: 4 * 1024 * 1024,
  /** What may wait for its sync; beyond it commits are refused with `store_busy`. */
  queueCharactersMax: 8 * 1024 * 1024,
  /** A commit that is not durable by then is answered `outcome_unknown`; its batch still goes on. */
  commitDeadlineMs: 5_000,
  /** Limits of one sealed file: its frame counter and its size. */
  fileFramesMax: 2 ** 20,
  fileBytesMax: 64 * 1024 * 1024,
  /** Journals of so many bytes are folded into tables, and any row after so long: what was deleted is gone
   *  from the share then. */
  foldJournalBytes: 16 * 1024 * 1024,
  foldAgeMs: 24 * 60 * 60_000,
  /** Plaintext of one block of a table. */
  blockBytes: 32 * 1024,
  /** Keys derived from subject keys that are kept at hand. */
  derivedKeysMax: 20_000,
  /** How long a contender watches an owner on another machine, and a successor waits. */
  leaseTermMs: 15_000,
  /** How often an owner says that it is alive. */
  beatMs: 5_000,
  /** After a failed write: how long until the store is opened again, and between further tries. */
  reopenDelayMs: 250,
  reopenDelayMsMax: 5_000,
  /** Random bytes kept on the share so that a full disk leaves room to clean up. */
  reserveBytes: 4 * 1024 * 1024,
  /** Manifests kept: the newest and the one before. */
  manifestsKept: 2
} as const
