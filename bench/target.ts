import type { Running } from './processes.js'

/** A server under measurement. Both kinds answer the same requests. */
export interface Target {
  process: Running
  port: number
  /** Of people who are in every conversation here. */
  tokens: readonly string[]
  conversations: { sends: string, history: string, room: string }
  /** How often it has made something durable so far. */
  groups (): Promise<number>
  /** The number of the newest entry in a conversation: what was acknowledged must be there. */
  head (conversation: string): Promise<number>
  close (): Promise<void>
}

/** One request outside of any measurement.
 *  @throws where the answer is a failure */
export async function ask<T> (port: number, token: string | undefined, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...token !== undefined && { authorization: `Bearer ${token}` }, ...body !== undefined && { 'content-type': 'application/json' } },
    ...body !== undefined && { body: JSON.stringify(body) }
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 400)}`)
  return JSON.parse(text === '' ? 'null' : text)
}

/** Fills a conversation for the history to have pages. */
export async function fill (port: number, tokens: readonly string[], conversation: string, messages: number): Promise<void> {
  for (let sent = 0; sent < messages; sent += tokens.length) {
    await Promise.all(tokens.map((token, index) =>
      ask(port, token, 'POST', `/v1/conversations/${conversation}/messages`, { text: `Message ${sent + index} of a history that somebody will read again some day` })))
  }
}

export const headOf = async (port: number, token: string | undefined, conversation: string): Promise<number> =>
  (await ask<{ head: number }>(port, token, 'GET', `/v1/conversations/${conversation}`)).head
