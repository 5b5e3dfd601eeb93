import type { Caller } from '../caller.js'
import type { Delivery } from '../chat/event-schema.js'
import { frames } from '../chat/frames.js'
import { AppError, type Language } from '../errors.js'
import { createAudience } from './audience.js'
import type { Clock } from './clock.js'
import { type Connection, createConnection, type Guest, type Identity, type Socket } from './connection.js'
import { createFanOut } from './fan-out.js'
import type { Command } from './inbox.js'
import type { RealtimeLimits } from './limits.js'
import { createPresence, type Status } from './presence.js'
import { createSessionRoll } from './session-roll.js'
import { createStrangers } from './strangers.js'
import { createStream, type Feed } from './stream.js'
import { createTyping } from './typing.js'

export interface HubOptions {
  clock: Clock
  limits: RealtimeLimits
  feed: Feed & { conversationsOf: (userId: string) => Promise<string[]> }
  verify: (token: string) => Promise<Identity>
  translate: (thrown: unknown, language: Language) => AppError
  /** Told of what ended a socket and was no command. */
  report: (thrown: unknown) => void
  /** From 0 up to, not including, 1. */
  random: () => number
  /** Told how long one event took to all its sockets. */
  onDelivered?: (ms: number) => void
  /** Told of what should not be possible: a delivery that failed. */
  onFailure?: (err: unknown) => void
}

/** A signed-in socket with all that the hub knows of it. */
export interface Member extends Guest {
  readonly userId: string
  readonly connection: Connection
  status: Exclude<Status, 'offline'>
}

export interface Arrival {
  socket: Socket
  address: string
  language: Language
  execute: (connection: Connection, command: Command) => Promise<unknown>
}

export type Hub = ReturnType<typeof createHub>

/** All live sockets of this process: who they are, what they listen to, and what they are told. */
export function createHub (options: HubOptions) {
  const { clock, limits, feed } = options
  const connections = new Map<Connection, Member | undefined>()
  const strangers = createStrangers(limits)
  const sessions = createSessionRoll<Member>(options.verify)
  let draining = false

  const audience = createAudience<Member>(feed.conversationsOf)
  const typing = createTyping(clock, limits, (conversation, userId, on) => {
    signal(conversation, userId, frames.typing(conversation, userId, on), `typing:${conversation}:${userId}`)
  })
  const presence = createPresence<Member>(clock, limits.presenceMergeMs, { status: statusOf, share: audience.share }, (watcher, user, status) => {
    watcher.connection.send(frames.presence_changed({ user, status }), `presence:${user}`)
  })
  const fanOut = createFanOut(audience, onMembership)

  function statusOf (userId: string): Status {
    const statuses = [...audience.peersOf(userId)].map(({ status }) => status)
    return statuses.includes('online') ? 'online' : statuses[0] ?? 'offline'
  }

  function signal (conversation: string, exceptUserId: string, frame: Buffer, name: string) {
    for (const { userId, connection } of audience.listeners(conversation)) if (userId !== exceptUserId) connection.send(frame, name)
  }

  /** Some socket may lack an event now: all come back by cursor and find it in the store. */
  function abandon (err: unknown) {
    options.onFailure?.(err)
    for (const connection of [...connections.keys()]) connection.hangUp('internal')
  }

  /** Whoever shares a conversation is seen, whoever does not any more is not. */
  function onMembership (userId: string) {
    presence.changed(userId)
    for (const member of audience.peersOf(userId)) presence.recheck(member)
  }

  // -- Coming and going -----------------------------------------------------------------------------

  /** @throws AppError where the token, the session or the number of sockets forbids it */
  async function enter (connection: Connection, token: string, cursor: string | undefined): Promise<boolean> {
    const member = await sessions.enroll(token, (identity) => admit(connection, identity))
    try {
      await audience.enter(member)
      presence.changed(member.userId)
      return await member.stream.prepare(cursor)
    } catch (err) {
      connection.detach()
      throw err
    }
  }

  function admit (connection: Connection, { caller, expiresAt }: Identity): Member {
    if (connection.hasEnded()) throw new AppError('session_ended')
    if (audience.peersOf(caller.userId).size >= limits.socketsPerUserMax) throw new AppError('too_many_sockets')
    const member = createMember(connection, caller)
    audience.add(member)
    connection.attach(member, expiresAt)
    return member
  }

  function createMember (connection: Connection, caller: Caller): Member {
    const member: Member = {
      caller,
      userId: caller.userId,
      connection,
      status: 'online',
      stream: createStream(feed, caller, connection, limits),
      leave: () => leave(member)
    }
    connections.set(connection, member)
    return member
  }

  function leave (member: Member) {
    connections.set(member.connection, undefined)
    sessions.remove(member)
    presence.forget(member)
    if (audience.leave(member)) typing.stopAll(member.userId)
    presence.changed(member.userId)
  }

  function memberOf (connection: Connection): Member {
    const member = connections.get(connection)
    if (member === undefined) throw new AppError('not_authenticated')
    return member
  }

  return {
    limits,

    /** Whether one more socket that has not said who it is may be opened from an address. */
    hasRoomFor: (address: string): boolean => !draining && strangers.hasRoomFor(address),

    connect ({ socket, address, language, execute }: Arrival): Connection {
      const onSignedIn = strangers.arrive(address)
      const connection = createConnection({
        socket,
        clock,
        limits,
        historyId: feed.historyId,
        language,
        verify: options.verify,
        enter,
        execute,
        translate: options.translate,
        report: options.report,
        onSignedIn,
        onEnd () {
          onSignedIn()
          connections.delete(connection)
        }
      })
      connections.set(connection, undefined)
      if (draining) connection.hangUp('restarting', options.random() * limits.restartSpreadMs)
      return connection
    },

    /** For `chat.watch`: synchronously, in commit order. */
    deliver (delivery: Delivery): void {
      const start = performance.now()
      try {
        fanOut(delivery)
        if (delivery.event.type === 'message.created') typing.stop(delivery.event.data.author, delivery.event.conversation)
      } catch (err) {
        abandon(err)
      }
      options.onDelivered?.(performance.now() - start)
    },

    /** For `sessions.watch`: whoever is here by that session is sent away. */
    endSession (sessionId: string): void {
      for (const { connection } of sessions.end(sessionId)) connection.hangUp('session_closed')
    },

    /** Typing is shown to those who listen; it takes a member to type. */
    setTyping (connection: Connection, conversation: string, on: boolean): void {
      const { userId } = memberOf(connection)
      if (!audience.isMember(userId, conversation)) throw new AppError('conversation_not_found')
      if (on) typing.start(userId, conversation)
      else typing.stop(userId, conversation)
    },

    setStatus (connection: Connection, status: Member['status']): void {
      const member = memberOf(connection)
      member.status = status
      presence.changed(member.userId)
    },

    watchPresence: (connection: Connection, userIds: readonly string[]) => presence.watch(memberOf(connection), userIds),

    /** For a conversation that the caller may read. */
    subscribe (connection: Connection, conversation: string): void {
      const member = memberOf(connection)
      const heard = audience.heardBy(member)
      const visited = [...heard].filter((id) => !audience.isMember(member.userId, id)).length
      if (!heard.has(conversation) && visited >= limits.subscriptionsMax) throw new AppError('too_many_conversations')
      audience.listen(member, conversation)
    },

    unsubscribe: (connection: Connection, conversation: string): void => audience.ignore(memberOf(connection), conversation),

    /** Sends everyone away, each with a wait of its own, so that they don't all come back at once. */
    async drain (): Promise<void> {
      draining = true
      await Promise.all([...connections.keys()].map((connection) => connection.drain(Math.floor(options.random() * limits.restartSpreadMs))))
    },

    stats: () => ({ sockets: connections.size, strangers: strangers.count(), sessions: sessions.count() })
  }
}
