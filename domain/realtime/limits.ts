/** What one socket, one user and one address may ask of the server. */
export const limits = {
  /** A larger frame closes the socket (1009). */
  frameBytesMax: 65_536,
  commandIdLengthMax: 64,

  /** From the upgrade on; no traffic extends it. */
  authTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  pongTimeoutMs: 10_000,
  expiryNoticeMs: 60_000,
  /** What is on its way out may take so long before the close frame. */
  closeFlushMs: 500,
  /** After a close frame the client has so long to answer it. */
  closeGraceMs: 2000,
  /** What still runs when the server stops has so long to end. */
  drainMs: 3000,

  commandsPerSecond: 10,
  commandsBurst: 30,
  /** Refused commands that are put up with: above it the client ignores what it is told. */
  refusalsPerSecond: 1,
  refusalsBurst: 30,
  /** Of a socket; one is forgiven a minute. */
  badFramesMax: 10,
  commandsWaitingMax: 64,
  commandCharactersWaitingMax: 262_144,

  /** What a reader may be behind, the bytes that the kernel has not taken included. */
  outboxBytesMax: 1_048_576,
  outboxFramesMax: 512,
  /** So much is handed on before the kernel has taken the rest; what waits longer can still be dropped. */
  wireBytesMax: 65_536,
  /** What happens during a replay waits so long for its end; beyond, it is read from the store. */
  heldFramesMax: 128,
  heldBytesMax: 262_144,

  socketsPerUserMax: 20,
  socketsUnauthenticatedMax: 2048,
  socketsUnauthenticatedPerAddressMax: 64,
  subscriptionsMax: 100,

  typingShownMs: 6000,
  /** Typing on is told anew at most so often. */
  typingRenewMs: 3000,
  presenceMergeMs: 5000,
  presenceUsersMax: 200,

  snapshotPageItems: 50,
  /** A larger page of history is made shorter: it must not take the place of what happens meanwhile. */
  historyBytesMax: 262_144,

  reconnectBaseMs: 500,
  reconnectMaxMs: 30_000,
  /** Restarting: each client is sent away for a random time up to this. */
  restartSpreadMs: 5000
}

export type RealtimeLimits = typeof limits
