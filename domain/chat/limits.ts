/** The bounds of chat, all of them; `hello` and `/v1/meta` tell clients the ones they can run into. */
export const chatLimits = {
  textBytesMax: 16_384,
  attachmentsMax: 0,
  metadataKeysMax: 16,
  metadataKeyLengthMax: 64,
  metadataBytesMax: 4096,
  clientIdLengthMax: 255,
  nameLengthMax: 100,
  topicLengthMax: 1000,
  /** Beside the one who creates a conversation. More can be added one by one. */
  initialMembersMax: 100,
  membersMax: 10_000,
  /** Of one user, joined ones included: it bounds what a returning device has to look at. */
  conversationsMax: 5000,
  /** How far back a device may resume; beyond it is given a snapshot. */
  replayEntriesMax: 10_000,
  /** Rows that one replay holds in memory at a time, over all its conversations. */
  replayRowsHeld: 512,
  /** Rows that one page of history looks through; entries that aren't messages make pages shorter. */
  historyRowsScanned: 1000,
  /** What one commit of a purge takes: members, each with a word in a log, and plain rows. */
  purgeMembers: 64,
  purgeRows: 256
}
