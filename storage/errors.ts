/** Every failure of the store. Told apart by `code`, never by text; `exitCode` is what the process
 *  ends with where one stops the start (numbers as in sysexits.h). Clients never see one. */
export const failures = {
  store_busy: { es: 'hay demasiado por escribir', en: 'too much waits to be written', exitCode: 75 },
  store_full: { es: 'el disco o su cuota están llenos', en: 'the disk or its quota is full', exitCode: 75 },
  store_unavailable: { es: 'el almacén no admite escrituras en este momento', en: 'the store is not writable just now', exitCode: 75 },
  store_closed: { es: 'el almacén está cerrado', en: 'the store is closed', exitCode: 70 },
  outcome_unknown: { es: 'una escritura falló y no se sabe si llegó al disco', en: 'a write failed and may or may not have reached the disk', exitCode: 74 },
  batch_too_large: { es: 'un lote es mayor que lo que admite una trama', en: 'one batch is larger than a frame may be', exitCode: 70 },
  misuse: { es: 'el almacén se usó de un modo que no permite', en: 'the store was called in a way it does not allow', exitCode: 70 },

  store_held: { es: 'otro proceso sirve este almacén', en: 'another process serves this store', exitCode: 75 },
  store_missing: { es: 'aquí no hay ningún almacén', en: 'no store is here', exitCode: 66 },
  store_exists: { es: 'aquí ya hay un almacén o un ancla', en: 'a store or an anchor is here already', exitCode: 73 },
  store_unmounted: { es: 'el ancla conoce un almacén, pero el directorio no tiene ninguno', en: 'the anchor knows a store, but the directory has none', exitCode: 72 },
  store_foreign: { es: 'el ancla pertenece a otro almacén', en: 'the anchor belongs to another store', exitCode: 65 },
  store_rolled_back: { es: 'el almacén es más antiguo que su ancla', en: 'the store is older than its anchor', exitCode: 67 },
  store_damaged: { es: 'el almacén está dañado', en: 'the store is damaged', exitCode: 65 },
  head_unconfirmed: { es: 'ningún ancla responde por este almacén', en: 'there is no anchor that vouches for this store', exitCode: 68 },
  key_missing: { es: 'no se dio ninguna clave para este almacén', en: 'no key was given for this store', exitCode: 78 },
  key_wrong: { es: 'la clave no abre este almacén', en: 'the key does not open this store', exitCode: 77 },
  key_malformed: { es: 'una clave son 32 bytes escritos en base64', en: 'a key is 32 bytes, written in base64', exitCode: 78 },
  format_unknown: { es: 'el almacén tiene un formato que esta versión no lee', en: 'the store has a format that this version does not read', exitCode: 76 },
  io_failed: { es: 'falló una operación de archivo', en: 'a file call failed', exitCode: 74 }
} as const satisfies Record<string, { es: string, en: string, exitCode: number }>

export type StoreFailureCode = keyof typeof failures

export interface StoreErrorOptions extends ErrorOptions {
  /** Where: file, offset, sequence. */
  place?: string
  /** What a person should do now. */
  hint?: string
}

export class StoreError extends Error {
  readonly exitCode: number
  readonly place: string | undefined
  readonly hint: string | undefined

  constructor (readonly code: StoreFailureCode, options: StoreErrorOptions = {}) {
    super(options.place === undefined ? failures[code].en : `${failures[code].en}: ${options.place}`, options)
    this.name = 'StoreError'
    this.exitCode = failures[code].exitCode
    this.place = options.place
    this.hint = options.hint
  }

  /** What an operator reads: Spanish first, English beside, then the place and what to do. */
  get explanation (): string {
    const { es, en } = failures[this.code]
    const place = this.place === undefined ? '' : `\n  ${this.place}`
    const hint = this.hint === undefined ? '' : `\n  ${this.hint}`
    return `${es} (${en})${place}${hint}`
  }
}
