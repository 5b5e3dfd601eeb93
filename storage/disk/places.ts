import { join } from 'node:path'

/** Every path of a store, said once. `root` is the store's own folder on the share, `anchor` a folder on
 *  a local disk. */
export function placesOf (root: string, anchor: string) {
  return {
    root,
    superblock: join(root, 'NEXU'),
    keyring: (number: number) => join(root, `keyring.${number}`),
    manifest: (number: number) => join(root, `manifest.${number}`),
    journals: join(root, 'journal'),
    journal: (name: string) => join(root, 'journal', name),
    tables: join(root, 'tables'),
    table: (name: string) => join(root, 'tables', name),
    claims: join(root, 'claims'),
    claim: (generation: number) => join(root, 'claims', String(generation)),
    lease: join(root, 'lease'),
    reserve: join(root, 'reserve'),
    anchor,
    slots: join(anchor, 'slots'),
    /** Of a store that is just being made. */
    firstSlots: join(anchor, 'slots.first')
  }
}

export type Places = ReturnType<typeof placesOf>

/** The numbers of `manifest.N`, `keyring.N` or `claims/N`, rising. */
export function numbersOf (names: readonly string[], prefix: string): number[] {
  return names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,14}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
}
