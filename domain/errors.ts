/** Every failure a client can meet, once: the code is the contract, the texts are for people (Spanish
 *  first). REST answers `status` with a problem document; a socket answers an error frame with the same
 *  code and hangs up only where `close` is set. The range of a close code tells the client what to do:
 *  4000-4499 come back, 4500-4999 don't. `temporary` means: the same request may succeed later. */
export interface Failure {
  status: number
  es: string
  en: string
  close?: number
  temporary?: true
}

export const failures = {
  // The request itself
  validation_failed: { status: 400, es: 'La solicitud no es válida', en: 'The request is not valid' },
  request_malformed: { status: 400, es: 'La solicitud HTTP está mal formada', en: 'The HTTP request is malformed' },
  body_malformed: { status: 400, es: 'El cuerpo no es JSON válido', en: 'The body is not valid JSON' },
  cursor_invalid: { status: 400, es: 'El cursor no es válido', en: 'The cursor is not valid' },
  route_not_found: { status: 404, es: 'Esta ruta no existe', en: 'There is no such route' },
  method_not_allowed: { status: 405, es: 'Esta ruta no admite ese método', en: 'This route does not allow that method' },
  not_acceptable: { status: 406, es: 'No hay representación aceptable', en: 'There is no acceptable representation' },
  request_timeout: { status: 408, es: 'La solicitud no llegó a tiempo', en: 'The request did not arrive in time', temporary: true },
  payload_too_large: { status: 413, es: 'La solicitud es demasiado grande', en: 'The request is too large' },
  media_type_unsupported: { status: 415, es: 'Tipo de contenido no admitido', en: 'That content type is not supported' },
  precondition_failed: { status: 412, es: 'El recurso ha cambiado entretanto', en: 'The resource has changed meanwhile' },
  idempotency_key_reused: { status: 422, es: 'La clave de idempotencia ya se usó con otro contenido', en: 'That idempotency key was used with another content' },
  headers_too_large: { status: 431, es: 'Las cabeceras son demasiado grandes', en: 'The headers are too large' },
  rate_limited: { status: 429, es: 'Demasiadas solicitudes; espera un poco', en: 'Too many requests; wait a little', temporary: true },

  // Who is asking
  token_missing: { status: 401, es: 'Falta el token de acceso', en: 'The access token is missing' },
  token_invalid: { status: 401, es: 'El token no es válido; inicia sesión de nuevo', en: 'The token is not valid; sign in again' },
  token_expired: { status: 401, es: 'El token ha caducado', en: 'The token has expired' },
  session_ended: { status: 401, es: 'La sesión ha terminado', en: 'The session has ended' },
  credentials_invalid: { status: 401, es: 'Usuario o contraseña incorrectos', en: 'Wrong user name or password' },
  refresh_token_invalid: { status: 401, es: 'El token de renovación no es válido', en: 'The refresh token is not valid' },
  refresh_token_reused: { status: 401, es: 'El token de renovación ya se usó; la sesión se ha cerrado', en: 'The refresh token was used before; the session has been ended' },
  login_busy: { status: 503, es: 'Demasiados inicios de sesión a la vez', en: 'Too many sign-ins at once', temporary: true },
  registration_closed: { status: 403, es: 'El registro está cerrado', en: 'Registration is closed' },
  forbidden: { status: 403, es: 'No tienes permiso para hacer esto', en: 'You are not allowed to do this' },
  origin_forbidden: { status: 403, es: 'Este origen no está permitido', en: 'This origin is not allowed' },

  // Users
  name_taken: { status: 409, es: 'Ese nombre de usuario ya existe', en: 'That user name is taken' },
  name_invalid: { status: 400, es: 'Ese nombre de usuario no es admisible', en: 'That user name is not acceptable' },
  password_wrong: { status: 403, es: 'La contraseña actual no es esa', en: 'That is not the current password' },
  password_unchanged: { status: 400, es: 'La contraseña nueva es igual a la anterior', en: 'The new password equals the old one' },
  user_not_found: { status: 404, es: 'No existe ese usuario', en: 'There is no such user' },
  session_not_found: { status: 404, es: 'No existe esa sesión', en: 'There is no such session' },

  // Conversations and messages
  conversation_not_found: { status: 404, es: 'No existe esa conversación', en: 'There is no such conversation' },
  conversation_full: { status: 409, es: 'La conversación ya no admite más miembros', en: 'The conversation takes no more members' },
  conversation_kind_unsuitable: { status: 409, es: 'Este tipo de conversación no lo permite', en: 'This kind of conversation does not allow that' },
  too_many_conversations: { status: 409, es: 'Demasiadas conversaciones', en: 'Too many conversations' },
  member_not_found: { status: 404, es: 'No es miembro de esta conversación', en: 'That user is not a member of this conversation' },
  last_owner: { status: 409, es: 'Una conversación necesita un propietario', en: 'A conversation needs an owner' },
  message_not_found: { status: 404, es: 'No existe ese mensaje', en: 'There is no such message' },
  message_deleted: { status: 410, es: 'El mensaje fue borrado', en: 'The message was deleted' },
  client_id_reused: { status: 422, es: 'Ese clientId ya se usó con otro contenido', en: 'That clientId was used with another content' },

  // The server
  internal: { status: 500, es: 'Error interno', en: 'Internal error' },
  outcome_unknown: { status: 503, es: 'No se sabe si se guardó; repite con la misma clave', en: 'It is not known whether that was stored; retry with the same key', temporary: true },
  store_busy: { status: 503, es: 'El almacén está ocupado; reintenta', en: 'The store is busy; try again', temporary: true },
  store_unavailable: { status: 503, es: 'El almacén no está disponible', en: 'The store is not available', temporary: true },
  store_full: { status: 507, es: 'No queda espacio de almacenamiento', en: 'There is no storage space left', temporary: true },
  integrity: { status: 503, es: 'Estos datos están dañados y no se sirven', en: 'These data are damaged and are not served' },
  shutting_down: { status: 503, es: 'El servidor se está cerrando', en: 'The server is shutting down', temporary: true },

  // The socket alone
  upgrade_required: { status: 426, es: 'Aquí solo se habla WebSocket', en: 'Only WebSocket is spoken here' },
  frame_invalid: { status: 400, es: 'La trama no es válida', en: 'The frame is not valid' },
  command_unknown: { status: 400, es: 'No existe ese comando', en: 'There is no such command' },
  too_many_bad_frames: { status: 400, es: 'Demasiadas tramas no válidas', en: 'Too many invalid frames', close: 4500 },
  not_authenticated: { status: 401, es: 'La conexión no está autenticada', en: 'The socket is not authenticated', close: 4501 },
  token_refused: { status: 401, es: 'El token no fue aceptado', en: 'The token was not accepted', close: 4502 },
  session_closed: { status: 401, es: 'La sesión ha terminado', en: 'The session has ended', close: 4503 },
  subprotocol_unknown: { status: 400, es: 'Subprotocolo desconocido', en: 'That subprotocol is not known', close: 4504 },
  auth_timeout: { status: 401, es: 'No hubo autenticación a tiempo', en: 'There was no authentication in time', close: 4001 },
  pong_timeout: { status: 408, es: 'La conexión no respondió a tiempo', en: 'The socket did not answer in time', close: 4002 },
  flooding: { status: 429, es: 'Demasiados comandos', en: 'Too many commands', close: 4003, temporary: true },
  too_slow: { status: 503, es: 'La conexión lee demasiado despacio', en: 'The socket reads too slowly', close: 4004, temporary: true },
  restarting: { status: 503, es: 'El servidor se reinicia', en: 'The server is restarting', close: 4005, temporary: true },
  access_expired: { status: 401, es: 'El token ha caducado; renueva y vuelve', en: 'The token has expired; refresh and come back', close: 4006 },
  too_many_sockets: { status: 429, es: 'Demasiadas conexiones', en: 'Too many sockets', close: 4007, temporary: true }
} as const satisfies Record<string, Failure>

export type FailureCode = keyof typeof failures
export type Language = 'es' | 'en'

/** Something wrong with a request, for its sender to read. */
export interface Flaw { pointer: string, detail: string }

/** A broken rule that no schema can say. `field` is a JSON pointer into the input: `/text`, or empty for all of it. */
export interface InputFault extends Record<Language, string> { field: string }

export interface AppErrorOptions extends ErrorOptions {
  /** A sentence about this case, in both languages, where the title alone doesn't tell enough. */
  detail?: Record<Language, string>
  /** What a validator found wrong with a request, at JSON pointers such as `/body/text`. */
  errors?: readonly Flaw[]
  /** What a rule found wrong with its input; where a request has that is for the transport to say. */
  faults?: readonly InputFault[]
  retryAfterMs?: number
}

export class AppError extends Error {
  readonly statusCode: number
  readonly closeCode: number | undefined
  readonly temporary: boolean
  readonly detail: Record<Language, string> | undefined
  readonly errors: AppErrorOptions['errors']
  readonly faults: AppErrorOptions['faults']
  readonly retryAfterMs: number | undefined

  constructor (readonly code: FailureCode, options: AppErrorOptions = {}) {
    const failure: Failure = failures[code]
    super(failure.en, options)
    this.name = 'AppError'
    this.statusCode = failure.status
    this.closeCode = failure.close
    this.temporary = failure.temporary ?? false
    this.detail = options.detail
    this.errors = options.errors
    this.faults = options.faults
    this.retryAfterMs = options.retryAfterMs
  }

  title (language: Language): string {
    return failures[this.code][language]
  }

  /** What was wrong with the request, if that is known. `part` is where it had the input: `body`, `query`, `data`. */
  flaws (part: string, language: Language): Flaw[] | undefined {
    if (this.faults === undefined) return this.errors && [...this.errors]
    return this.faults.map(({ field, ...texts }) => ({ pointer: `/${part}${field}`, detail: texts[language] }))
  }
}
