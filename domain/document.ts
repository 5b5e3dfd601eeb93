import type { Static, TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { AppError } from './errors.js'

/** Makes the reader of one kind of stored document. A document of another shape, or of a schema version
 *  that this code does not know, is refused rather than guessed at. */
export function documentReader<T extends TSchema> (name: string, schema: T): (stored: unknown) => Static<T> {
  const checker = TypeCompiler.Compile(schema)
  return (stored) => {
    if (!checker.Check(stored)) {
      const fault = checker.Errors(stored).First()
      throw new AppError('integrity', { cause: new Error(`${name}${fault?.path ?? ''} is not as its schema says`) })
    }
    return stored
  }
}
