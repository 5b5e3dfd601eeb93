import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { as, build } from '../../helper.js'

export interface Person { id: string, ask: ReturnType<typeof as> }

/** Somebody who has just registered. */
export async function person (app: FastifyInstance, username: string): Promise<Person> {
  const answer = await app.inject({ method: 'POST', url: '/v1/auth/register', payload: { username, password: 'correcta caballo pila' } })
  const { user, accessToken } = answer.json()
  return { id: user.id, ask: as(app, accessToken) }
}

/** An app with three people, and a group of the first two. */
export async function scene (t: Test) {
  const app = await build(t)
  const [ana, bea, eva] = [await person(app, 'ana'), await person(app, 'bea'), await person(app, 'eva')]
  const made = await ana.ask('POST', '/v1/conversations', { kind: 'group', name: 'Equipo', members: [bea.id] })
  const url = `/v1/conversations/${made.json().id}`
  return { app, ana, bea, eva, made, url, id: made.json().id }
}
