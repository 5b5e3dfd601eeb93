import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of the sources: the tests run from dist/test. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export const readDocument = (path: string): string => readFileSync(`${root}/${path}`, 'utf8')

/** The texts of the fenced blocks whose info string is `info`. */
export function fencedBlocks (markdown: string, info: string): string[] {
  return [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)].flatMap(([, found, text = '']) => found === info ? [text] : [])
}

/** The rows of the table whose head begins with this cell, as texts without backticks. */
export function tableRows (markdown: string, firstHead: string): string[][] {
  const lines = markdown.split('\n')
  const head = lines.findIndex((line) => line.startsWith(`| ${firstHead} |`))
  const rows = lines.slice(head + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((line) => line.slice(1, -1).split(' | ').map((cell) => cell.replaceAll('`', '').trim()))
}
