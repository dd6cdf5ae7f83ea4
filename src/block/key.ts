// Where a thing lies: keys and peers share one 256-bit space. A key is a byte string of 32
// characters, so that it compares, sorts and hashes natively.
import { hash } from 'node:crypto'
import type { BlockKind, Identity, Inode, Key, PeerId } from '../ports/messages.ts'

/** The root directory's inode on every node: it is known by its place, so no `stat` is spent. */
export const ROOT_INODE: Inode = '0'

/** A fetch asks for the same few keys again and again; so many are remembered, and as many before. */
const REMEMBERED = 16_384

class Memory {
  #size = 0
  /** A directory's page, all of a small file: most of what is ever asked for, and found without a text. */
  readonly #firsts = new Map<string, Record<BlockKind, Map<Inode, Key>>>()
  readonly #others = new Map<string, Key>()

  get isFull(): boolean {
    return this.#size >= REMEMBERED
  }

  find(block: Identity): Key | undefined {
    const { volume, kind, inode } = block
    if (isFirst(block)) return this.#firsts.get(volume)?.[kind].get(inode)
    return this.#others.get(textOf(block))
  }

  add(block: Identity, key: Key): void {
    this.#size += 1
    if (!isFirst(block)) return void this.#others.set(textOf(block), key)
    const { volume, kind, inode } = block
    const known = this.#firsts.get(volume)
    const kinds = known ?? { page: new Map(), data: new Map(), xattrs: new Map() }
    if (known === undefined) this.#firsts.set(volume, kinds)
    return void kinds[kind].set(inode, key)
  }
}

let newer = new Memory()
let older = new Memory()

/** `sha256(volume, inode, kind, index)`; NUL separates, since no field may contain it. */
export function keyOf(block: Identity): Key {
  return newer.find(block) ?? remember(block)
}

function remember(block: Identity): Key {
  const key = older.find(block) ?? hash('sha256', textOf(block), 'binary')
  if (newer.isFull) {
    older = newer
    newer = new Memory()
  }
  newer.add(block, key)
  return key
}

function isFirst({ index, splits }: Identity): boolean {
  return index === 0 && splits === 0
}

function textOf({ volume, inode, kind, splits, index }: Identity): string {
  return `${volume}\0${inode}\0${kind}\0${splits}\0${index}`
}

export function positionOf(peer: PeerId): Key {
  return hash('sha256', peer, 'binary')
}
