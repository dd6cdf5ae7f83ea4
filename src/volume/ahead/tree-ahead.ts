// What a trace's paths mean in the tree as it is now: brings the pages that they need, and tells which
// blocks hold what was read. Each directory is found once, and one name of it asked for before the
// others, since its page is likely to answer for them all.
import type { Path, Want } from '../../ports/messages.ts'
import { PotluckError } from '../../base/errors.ts'
import { versionOf } from '../../block/version.ts'
import type { AheadBlock, AheadBlocks } from '../../heat/following.ts'
import { type ByteRange, splitPath, type TraceEntry } from '../../heat/trace.ts'
import { InodeRecord } from '../../tree/inode-record.ts'
import type { Tree } from '../../tree/tree.ts'
import type { PageEntry } from '../../wire/page-entry.ts'
import { DirectorySnapshot } from '../directory-snapshot.ts'

/** Of one entry; who reads more than that of a file reads it in order, and is read ahead for. */
const BLOCKS_MAX = 4_096

/** Like the kernel, near enough: nobody links libraries deeper. */
const LINKS_MAX = 8

const NO_BLOCKS: AheadBlocks = { blocks: [], isWhole: true }

/** A path relative to a directory; undefined where it is outside the volume. */
export function resolvePath(directory: Path, relative: Path): Path | undefined {
  if (relative.startsWith('/')) return undefined
  const names = directory === '' ? [] : directory.split('/')
  for (const name of relative.split('/')) {
    if (name === '..' && names.pop() === undefined) return undefined
    if (name !== '' && name !== '.' && name !== '..') names.push(name)
  }
  return names.join('/')
}

export type TreeAheadInit = {
  readonly tree: Tree
  readonly blockBytes: number
  readonly dataWant: (record: InodeRecord, index: number, version: number) => Want
  /** Brings what a kernel may ask for before it opens a file. */
  readonly xattrsAhead: (record: InodeRecord) => void
}

export class TreeAhead {
  readonly #init: TreeAheadInit
  readonly #directories = new Map<Path, Promise<InodeRecord>>()
  /** The first look into each directory. */
  readonly #first = new Map<Path, Promise<unknown>>()

  constructor(init: TreeAheadInit) {
    this.#init = init
  }

  /** @throws PotluckError ENOENT where it is gone, and what looking failed with */
  async resolve(entry: Pick<TraceEntry, 'path' | 'isListed' | 'ranges'>): Promise<AheadBlocks> {
    const { path, isListed, ranges } = entry
    if (isListed) await DirectorySnapshot.take(this.#init.tree, await this.directory(path), {})
    if (path === '') return NO_BLOCKS
    const record = await this.#find(path)
    return ranges.length === 0 ? NO_BLOCKS : blocksOf(this.#init, record, ranges)
  }

  /** What lies at a path, behind symbolic links that lead to it from within the volume. */
  async file(path: Path): Promise<InodeRecord> {
    let at = path
    for (let links = 0; links <= LINKS_MAX; links++) {
      const record = await this.#find(at)
      if (record.target === undefined) return record
      const next = resolvePath(splitPath(at).directory, record.target)
      if (next === undefined) throw new PotluckError('ENOENT', `${at} leads elsewhere`)
      at = next
    }
    throw new PotluckError('ELOOP', `${path} goes through too many links`)
  }

  /** @throws PotluckError ENOENT where it is gone, and what looking failed with */
  async directory(path: Path): Promise<InodeRecord> {
    const { tree } = this.#init
    const known = this.#directories.get(path)
    if (known !== undefined) return known
    const { root } = tree.inodes
    const found = path === '' ? tree.attributes(root).then(() => root) : this.#find(path)
    this.#directories.set(path, found)
    return found
  }

  async #find(path: Path): Promise<InodeRecord> {
    const { tree } = this.#init
    const { directory, name } = splitPath(path)
    const parent = await this.directory(directory)
    if (!parent.isDirectory) throw new PotluckError('ENOTDIR', `${directory} is no directory now`)
    const first = this.#first.get(directory)
    // Whoever comes second finds the page here; what went wrong with the first is not its business.
    if (first !== undefined) await first.catch(() => {})
    const finding = tree.find(parent, name)
    if (first === undefined) this.#first.set(directory, finding)
    const { entry } = await finding
    if (entry === undefined) throw new PotluckError('ENOENT', `${path} is gone`)
    return recordOf(parent, entry)
  }
}

/** The blocks of a file in which the ranges lie; none where its bytes came with its directory. */
export function blocksOf(
  { blockBytes, dataWant, tree, xattrsAhead }: TreeAheadInit,
  record: InodeRecord,
  ranges: readonly ByteRange[],
): AheadBlocks {
  const { attributes } = record
  if (attributes?.type !== 'file') return NO_BLOCKS
  xattrsAhead(record)
  if (tree.inlineOf(record) !== undefined) return NO_BLOCKS
  const { size } = attributes
  // Its path is made once, and not again for every block.
  const want = dataWant(record, 0, versionOf(attributes))
  const blocks = indexesOf(ranges, { size, blockBytes }).map((index): AheadBlock => {
    const bytes = Math.min(blockBytes, size - index * blockBytes)
    return { want: { ...want, index }, bytes }
  })
  return { blocks, isWhole: blocks.length === Math.ceil(size / blockBytes) }
}

/**
 * The record of a name, by what a page of its directory says of it. One of its own: the kernel may
 * forget its one meanwhile, and that knows no path any more.
 */
export function recordOf(
  parent: InodeRecord,
  { name, attributes, target }: PageEntry,
): InodeRecord {
  const record = InodeRecord.detached(attributes.inode, { parent, name }, attributes)
  record.target = target
  return record
}

/** The blocks in which the ranges lie, in order. */
function indexesOf(
  ranges: readonly ByteRange[],
  { size, blockBytes }: { readonly size: number; readonly blockBytes: number },
): number[] {
  const indexes: number[] = []
  let next = 0
  for (const { from, to } of ranges) {
    const end = Math.ceil(Math.min(to, size) / blockBytes)
    for (let i = Math.max(next, Math.floor(from / blockBytes)); i < end; i++) {
      if (indexes.length === BLOCKS_MAX) return indexes
      indexes.push(i)
    }
    next = Math.max(next, end)
  }
  return indexes
}
