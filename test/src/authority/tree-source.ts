// A Source over a simulated tree that answers at once, counts what it is asked, and lets a test step
// in before each answer.
import { PotluckError } from '../../../src/base/errors.ts'
import type { Name, Path } from '../../../src/ports/messages.ts'
import type { Listing, Source, SourceEntry, SourceRange } from '../../../src/ports/source.ts'
import { Contents } from '../../../sim/storage/contents.ts'
import { attributesOf, type SimInode, type SimTree } from '../../../sim/storage/tree.ts'

type Call = 'attributes' | 'list' | 'entries' | 'read' | 'xattrs'

export class TreeSource implements Source {
  readonly tree: SimTree
  readonly contents = new Contents('real')
  readonly counts = { attributes: 0, list: 0, entries: 0, read: 0, xattrs: 0, stat: 0 }
  readonly xattrsOf = new Map<Path, Map<Name, Uint8Array>>()
  /** Runs before each answer; what it throws is the answer. */
  before: (call: Call, path: Path) => Promise<void> | void = () => {}
  isClosed = false

  constructor(tree: SimTree) {
    this.tree = tree
  }

  async attributes(path: Path) {
    await this.#called('attributes', path)
    return attributesOf(this.tree.find(path))
  }

  async list(
    path: Path,
    options: { choose?: (names: readonly Name[]) => readonly Name[] } = {},
  ): Promise<Listing> {
    await this.#called('list', path)
    const directory = this.tree.find(path)
    if (directory.type !== 'directory') throw new PotluckError('ENOTDIR', path)
    const names = [...directory.children.keys()]
    const chosen = options.choose?.(names) ?? names
    this.counts.stat += chosen.length
    const types = [...directory.children].map(([name, { type }]) => ({ name, type }))
    return { self: attributesOf(directory), names: types, entries: entriesIn(directory, chosen) }
  }

  async entries(path: Path, names: readonly Name[]) {
    await this.#called('entries', path)
    this.counts.stat += names.length
    return entriesIn(this.tree.find(path), names)
  }

  async read(path: Path, range: SourceRange) {
    await this.#called('read', path)
    const file = this.tree.find(path)
    const attributes = attributesOf(file)
    if (attributes.inode !== range.inode) throw new PotluckError('ESTALE', path)
    return { attributes, bytes: this.bytes(file, range) }
  }

  async xattrs(path: Path) {
    await this.#called('xattrs', path)
    this.tree.find(path)
    return this.xattrsOf.get(path) ?? new Map<Name, Uint8Array>()
  }

  async usage() {
    const free = { blocksFree: 1, blocksAvailable: 1, filesFree: 1 }
    return { blockBytes: 4096, blocks: 1, files: 1, ...free }
  }

  async close() {
    this.isClosed = true
  }

  /** What a range of a file holds now. */
  bytes(file: SimInode, range: { readonly from: number; readonly length: number }): Uint8Array {
    const length = Math.max(0, Math.min(range.length, file.size - range.from))
    const { number: inode, generation } = file
    return this.contents.bytes({ inode, generation, from: range.from, length })
  }

  async #called(call: Call, path: Path): Promise<void> {
    this.counts[call] += 1
    await this.before(call, path)
  }
}

function entriesIn(directory: SimInode, names: readonly Name[]): SourceEntry[] {
  const found = names.filter((name) => directory.children.has(name))
  return found.map((name) => entryOf(name, directory.children.get(name) as SimInode))
}

function entryOf(name: Name, inode: SimInode): SourceEntry {
  const attributes = attributesOf(inode)
  return inode.type === 'symlink'
    ? { name, attributes, target: inode.target }
    : { name, attributes }
}
