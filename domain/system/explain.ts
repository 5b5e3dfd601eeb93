import { type Failure, type FailureCode, failures } from '../errors.js'

/** A kind of problem in both languages, or null where there is no such code. */
export function explainProblem (code: string) {
  if (!isFailureCode(code)) return null
  const { status, es, en, temporary, close }: Failure = failures[code]
  return { type: `/problems/${code}`, code, status, title: { es, en }, temporary: temporary === true, ...(close !== undefined && { closeCode: close }) }
}

export type Explanation = NonNullable<ReturnType<typeof explainProblem>>

/** The same as a small page for whoever opens the `type` of a problem in a browser. */
export function explanationPage ({ code, status, title, temporary }: Explanation): string {
  const retry = temporary ? { es: 'Puede reintentarse.', en: 'It may be tried again.' } : { es: 'Repetir no ayuda.', en: 'Trying again does not help.' }
  return `<!doctype html>
<html lang="es">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${code}</title>
<h1><code>${code}</code> (${status})</h1>
<p>${title.es}. ${retry.es}</p>
<p lang="en">${title.en}. ${retry.en}</p>
</html>
`
}

const isFailureCode = (code: string): code is FailureCode => Object.hasOwn(failures, code)
