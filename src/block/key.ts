// Where a thing lies: keys and peers share one 256-bit space. A key is a byte string of 32
// characters, so that it compares, sorts and hashes natively.
import { hash } from 'node:crypto'
import type { BlockKind, Inode, Key, PeerId } from '../ports/messages.ts'

/** The root directory's inode on every node: it is known by its place, so no `stat` is spent. */
export const ROOT_INODE: Inode = '0'

export type Identity = {
  readonly volume: string
  readonly inode: Inode
  readonly kind: BlockKind
  readonly index: number
  readonly splits: number
}

/** A fetch asks for the same few keys again and again; so many are remembered, and as many before. */
const REMEMBERED = 16_384

let newer = new Map<string, Key>()
let older = new Map<string, Key>()

/** `sha256(volume, inode, kind, index)`; NUL separates, since no field may contain it. */
export function keyOf(block: Identity): Key {
  const { volume, inode, kind, index, splits } = block
  const text = `${volume}\0${inode}\0${kind}\0${splits}\0${index}`
  return newer.get(text) ?? remember(text)
}

function remember(text: string): Key {
  const key = older.get(text) ?? hash('sha256', text, 'binary')
  if (newer.size >= REMEMBERED) {
    older = newer
    newer = new Map()
  }
  newer.set(text, key)
  return key
}

export function positionOf(peer: PeerId): Key {
  return hash('sha256', peer, 'binary')
}
