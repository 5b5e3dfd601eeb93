import { Type } from '@sinclair/typebox'
import { choice, languages } from '../schema.js'

const Status = choice(['ok', 'degraded', 'failing'], { description: '`degraded`: reads are served, writes may not be' })

export const Health = Type.Object({
  status: Status,
  version: Type.String({ examples: ['0.1.0'] }),
  uptimeSeconds: Type.Integer({ examples: [86400] }),
  checks: Type.Object({
    store: Type.Object({
      status: Status,
      writable: choice(['yes', 'reopening', 'full', 'closed'], { description: 'What writes are answered just now' })
    })
  })
}, { title: 'Health' })

export const Alive = Type.Object({ status: choice(['ok']) }, { title: 'Alive' })

export const Meta = Type.Object({
  name: Type.String({ examples: ['nexu'] }),
  version: Type.String({ examples: ['0.1.0'] }),
  features: Type.Object({
    registration: choice(['open', 'closed'], { description: 'Whether anybody may register' }),
    languages: Type.Array(choice(languages))
  }),
  limits: Type.Object({
    bodyBytesMax: Type.Integer(),
    headerBytesMax: Type.Integer(),
    pageItemsMax: Type.Integer(),
    textBytesMax: Type.Integer({ description: 'Of the text of a message, in UTF-8' }),
    metadataBytesMax: Type.Integer({ description: 'Of the metadata of a message, as JSON' }),
    metadataKeysMax: Type.Integer(),
    conversationNameLengthMax: Type.Integer(),
    topicLengthMax: Type.Integer(),
    membersMax: Type.Integer(),
    usernameLengthMin: Type.Integer(),
    usernameLengthMax: Type.Integer(),
    displayNameLengthMax: Type.Integer(),
    passwordLengthMin: Type.Integer(),
    passwordLengthMax: Type.Integer()
  }, { description: 'Bytes, code points or numbers of things, as the names say' })
}, { title: 'Meta', description: 'What a client should know before it does anything' })

export const ProblemParams = Type.Object({
  code: Type.String({ maxLength: 64, description: 'The `code` of a problem', examples: ['name_taken'] })
}, { additionalProperties: false })

const Texts = Type.Object({ es: Type.String(), en: Type.String() })

export const ProblemExplanation = Type.Object({
  type: Type.String({ format: 'uri-reference', examples: ['/problems/name_taken'] }),
  code: Type.String({ examples: ['name_taken'] }),
  status: Type.Integer(),
  title: Texts,
  temporary: Type.Boolean({ description: 'Whether the same request may succeed later' }),
  closeCode: Type.Optional(Type.Integer({ description: 'With what a socket is closed for it: 4000-4499 come back, 4500-4999 do not' }))
}, { title: 'ProblemExplanation' })

/** A JSON document whose shape is told by its own standard. */
export const Document = Type.Object({}, { additionalProperties: true })
