import type { Inode } from '../ports/messages.ts'

/** Of what locks and leases are kept, and all that is told with them. */
export type Place = { readonly volume: string; readonly inode: Inode }

/** By which a map has it. */
export function nameOfPlace({ volume, inode }: Place): string {
  return `${inode} ${volume}`
}
