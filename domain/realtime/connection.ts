import type { Caller } from '../caller.js'
import { encodeReply, frames, type SignedIn } from '../chat/frames.js'
import { AppError, type FailureCode, type Language } from '../errors.js'
import { createAlarms } from './alarms.js'
import type { Clock } from './clock.js'
import { frameError, hello } from './greetings.js'
import { type Command, createInbox } from './inbox.js'
import type { RealtimeLimits } from './limits.js'
import { createOutbox, type Wire } from './outbox.js'
import type { Stream } from './stream.js'

/** What a connection needs of a WebSocket. */
export interface Socket extends Wire {
  close: (code: number, reason: string) => void
  terminate: () => void
}

/** Who a token speaks for, and until when (milliseconds of the epoch). */
export interface Identity { caller: Caller, expiresAt: number }

/** A connection once it is signed in, as the hub keeps it. */
export interface Guest {
  readonly caller: Caller
  readonly stream: Stream
  leave: () => void
}

export interface ConnectionOptions {
  socket: Socket
  clock: Clock
  limits: RealtimeLimits
  historyId: string
  language: Language
  verify: (token: string) => Promise<Identity>
  /** Lets a socket in by its token: attaches a guest. Answers whether what it missed can be had. */
  enter: (connection: Connection, token: string, cursor: string | undefined) => Promise<boolean>
  execute: (connection: Connection, command: Command) => Promise<unknown>
  /** What a client is told of whatever was thrown. */
  translate: (thrown: unknown, language: Language) => AppError
  /** Told of what went wrong beside the commands; whoever executes those tells of them. */
  report: (thrown: unknown) => void
  /** The connection is no longer one of the unknown. */
  onSignedIn: () => void
  onEnd: () => void
}

export type Connection = ReturnType<typeof createConnection>

/** How a socket ends whose token is refused: some come back with a new one, some don't. */
const endOf: Partial<Record<FailureCode, FailureCode>> = {
  token_missing: 'token_refused',
  token_invalid: 'token_refused',
  token_expired: 'access_expired',
  session_ended: 'session_closed'
}

const signedInAlready = { es: 'La conexión ya está autenticada; usa auth.refresh', en: 'The socket is authenticated already; use auth.refresh' }

/** One socket, from `hello` to its end: what comes in, what goes out, who it is and how long it may stay. */
export function createConnection (options: ConnectionOptions) {
  const { socket, clock, limits, language, translate } = options
  const alarms = createAlarms(clock)
  const outbox = createOutbox(socket, limits, () => hangUp('too_slow'))
  const inbox = createInbox({ clock, limits, onArrival, run, refuse: fail, hangUp })
  let guest: Guest | undefined
  let expiresAt = 0
  let ending = false
  let finished = false
  let afterwards: (() => void)[] = []
  let onGone = () => {}
  const gone = new Promise<void>((resolve) => { onGone = resolve })

  const send = (frame: Buffer, signal?: string) => { if (!ending) outbox.push(frame, signal) }

  // -- Commands and their replies -------------------------------------------------------------------

  function onArrival ({ type }: Command) {
    // Counted on arrival: a command that takes long must not cost the socket its life.
    if (type === 'pong') alarms.cancel('pong')
  }

  async function run (command: Command) {
    await outbox.drained()
    if (ending) return
    try {
      const data = await options.execute(self, command)
      send(encodeReply({ re: command.id, ok: true, data: data ?? {} }))
    } catch (thrown) {
      const error = translate(thrown, language)
      if (error.code === 'command_unknown') inbox.bad(command.id, error)
      else fail(command.id, error)
    }
    const works = afterwards
    afterwards = []
    for (const work of works) work()
  }

  function fail (re: string | null, error: AppError) {
    send(encodeReply({ re, ok: false, error: frameError(error, language) }))
    if (error.closeCode !== undefined) hangUp(error.code)
  }

  // -- Who it is, and how long it may stay ----------------------------------------------------------

  async function signIn (token: string, cursor: string | undefined): Promise<SignedIn> {
    if (guest !== undefined) throw new AppError('frame_invalid', { detail: signedInAlready })
    const recovered = await options.enter(self, token, cursor)
    // Throws where the socket has ended meanwhile: no timer may start any more.
    const { userId, sessionId } = self.caller
    alarms.cancel('auth')
    alarms.set('ping', limits.heartbeatMs, ping)
    options.onSignedIn()
    return { user: userId, session: sessionId, recovered, expiresAt: new Date(expiresAt).toISOString() }
  }

  function stayUntil (time: number) {
    expiresAt = time
    const leftMs = time - clock.now()
    alarms.set('notice', Math.max(0, leftMs - limits.expiryNoticeMs), () => {
      send(frames.auth_expiring({ expiresAt: new Date(time).toISOString() }))
    })
    alarms.set('expiry', Math.max(0, leftMs), () => clock.now() < time ? stayUntil(time) : hangUp('access_expired'))
  }

  function ping () {
    send(frames.ping({ cursor: guest?.stream.cursor() ?? null }))
    alarms.set('pong', limits.pongTimeoutMs, () => hangUp('pong_timeout'))
    alarms.set('ping', limits.heartbeatMs, ping)
  }

  function follow () {
    guest?.stream.run().catch((thrown: unknown) => hangUp(codeOf(thrown)))
  }

  function codeOf (thrown: unknown): FailureCode {
    options.report(thrown)
    return translate(thrown, language).code
  }

  // -- Its end --------------------------------------------------------------------------------------

  function hangUp (code: FailureCode, retryAfterMs?: number) {
    const close = new AppError(code).closeCode ?? 1011
    const reconnect = close < 4500
    const closing = frames.closing({ code, reconnect, retryAfterMs: retryAfterMs ?? (reconnect ? limits.reconnectBaseMs : 0) })
    end(close, code, code === 'too_slow' ? undefined : closing)
  }

  function end (close: number, reason: string, last?: Buffer) {
    if (ending) return
    if (last !== undefined) outbox.push(last)
    part()
    const finish = () => {
      if (finished) return
      finished = true
      outbox.close()
      socket.close(close, reason)
      alarms.set('terminate', limits.closeGraceMs, socket.terminate)
    }
    if (last === undefined || !outbox.isBusy()) return finish()
    alarms.set('flush', limits.closeFlushMs, finish)
    outbox.drained().then(finish, finish)
  }

  /** Nothing more is heard from or told to whoever it was. */
  function part () {
    ending = true
    alarms.clear()
    guest?.leave()
    guest = undefined
  }

  const self = {
    language,
    isSignedIn: () => guest !== undefined,
    hasEnded: () => ending,
    isBusy: outbox.isBusy,
    drained: outbox.drained,
    send,
    hangUp,

    get caller (): Caller {
      if (guest === undefined) throw new AppError('not_authenticated')
      return guest.caller
    },

    /** The first word. A token that came with the upgrade is looked at before any command. */
    open (token?: string, cursor?: string): void {
      send(hello(options.historyId, clock.now(), limits))
      alarms.set('auth', limits.authTimeoutMs, () => hangUp('auth_timeout'))
      if (token === undefined) return
      inbox.first(async () => {
        try {
          send(frames.authenticated(await signIn(token, cursor)))
          follow()
        } catch (thrown) {
          const code = codeOf(thrown)
          hangUp(endOf[code] ?? code)
        }
      })
    },

    receive (text: string): void {
      if (!ending) inbox.receive(text)
    },

    /** The protocol is text alone. */
    receiveBinary: (): void => end(1003, 'binary'),

    /** By the `auth` command: its reply first, then what was missed. */
    async signIn (token: string, cursor: string | undefined): Promise<SignedIn> {
      try {
        const signedIn = await signIn(token, cursor)
        afterwards.push(follow)
        return signedIn
      } catch (thrown) {
        const last = thrown instanceof AppError ? endOf[thrown.code] : undefined
        if (last !== undefined && guest === undefined) afterwards.push(() => hangUp(last))
        throw thrown
      }
    },

    attach (entered: Guest, until: number): void {
      guest = entered
      stayUntil(until)
    },

    detach (): void {
      guest?.leave()
      guest = undefined
      alarms.cancel('notice')
      alarms.cancel('expiry')
    },

    /** Another token of the same session, in place. */
    async renew (token: string): Promise<{ expiresAt: string }> {
      const { userId, sessionId } = self.caller
      const next = await options.verify(token)
      if (next.caller.userId !== userId || next.caller.sessionId !== sessionId) throw new AppError('forbidden')
      if (!ending) stayUntil(next.expiresAt)
      return { expiresAt: new Date(next.expiresAt).toISOString() }
    },

    /** Lets what runs come to its end, says goodbye, and resolves when the socket is gone. */
    async drain (retryAfterMs: number): Promise<void> {
      inbox.stop('shutting_down')
      const late = new Promise<void>((resolve) => { alarms.set('drain', limits.drainMs, resolve) })
      await Promise.race([inbox.idle(), late, gone])
      hangUp('restarting', retryAfterMs)
      await gone
    },

    /** The protocol was broken below us; the library has sent its close frame. */
    failed (): void {
      part()
      alarms.set('terminate', limits.closeGraceMs, socket.terminate)
    },

    /** The socket is closed. */
    closed (): void {
      part()
      outbox.close()
      onGone()
      options.onEnd()
    }
  }
  return self
}
