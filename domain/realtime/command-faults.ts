import { type ValueError, ValueErrorType } from '@sinclair/typebox/compiler'
import type { Language } from '../errors.js'
import { describeFaults, type Fault } from '../faults.js'

/** Faults as TypeBox tells them, in the words of JSON Schema. */
const keywords: Partial<Record<ValueErrorType, string>> = {
  [ValueErrorType.ObjectRequiredProperty]: 'required',
  [ValueErrorType.ObjectAdditionalProperties]: 'additionalProperties',
  [ValueErrorType.ObjectMaxProperties]: 'maxProperties',
  [ValueErrorType.StringMinLength]: 'minLength',
  [ValueErrorType.StringMaxLength]: 'maxLength',
  [ValueErrorType.StringPattern]: 'pattern',
  [ValueErrorType.StringFormat]: 'format',
  [ValueErrorType.IntegerMinimum]: 'minimum',
  [ValueErrorType.IntegerMaximum]: 'maximum',
  [ValueErrorType.ArrayMaxItems]: 'maxItems',
  [ValueErrorType.Object]: 'type',
  [ValueErrorType.Array]: 'type',
  [ValueErrorType.String]: 'type',
  [ValueErrorType.Integer]: 'type',
  [ValueErrorType.Boolean]: 'type'
}

const limits = { errorsRead: 32 }

/** What is wrong with the data of a command, for its sender: a pointer and a sentence for each place. */
export function commandFaults (errors: Iterable<ValueError>, language: Language): { pointer: string, detail: string }[] {
  const faults: Fault[] = []
  for (const error of errors) {
    faults.push(toFault(error))
    if (faults.length === limits.errorsRead) break
  }
  return describeFaults('data', faults, language)
}

/** The path names a field that is missing or too much already. */
function toFault ({ type, path, schema }: ValueError): Fault {
  const keyword = keywords[type] ?? ''
  return { keyword, instancePath: path, params: { limit: schema[keyword], type: schema.type, format: schema.format } }
}
