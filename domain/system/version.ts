import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

/** The version of this build. The compiled file lies three folders below package.json. */
export const { version }: { version: string } = load('../../../package.json')
