/** Who asks, once the token was checked. Every domain verb that touches somebody's things takes one. */
export interface Caller {
  readonly userId: string
  readonly sessionId: string
}
