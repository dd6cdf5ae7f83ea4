// One volume of a node, put together: tree, files and the read side over the node's one fetcher.
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Key, Name, Want } from '../ports/messages.ts'
import type { Counters } from '../base/counters.ts'
import { keyOf } from '../block/key.ts'
import type { HybridClock } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'
import type { Fetched } from '../fetch/flight.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import type { BlockResult, FileInit } from '../file/open-file.ts'
import type { Floors } from '../rumor/floors.ts'
import type { InodeRecord } from '../tree/inode-table.ts'
import { Tree } from '../tree/tree.ts'
import { pagesOf } from '../tree/walk.ts'
import { PotluckError } from '../base/errors.ts'
import { ReadVolume } from '../volume/read-volume.ts'
import { decodeXattrs } from '../wire/xattrs.ts'
import type { TierCounts, VolumeInit, VolumeStatus } from './mesh-node.ts'

export const DEFAULT_BLOCK_BYTES = 1024 * 1024
export const DEFAULT_REVALIDATE_MS = 300_000
/** Files up to this many blocks are fetched whole. */
const WHOLE_FILE_BLOCKS = 4
const PREFETCHES_MAX = 256
const BLOCKS_AT_ONCE = 4
/** A file may change while it is read; more often than this is a moving target. */
const VERSION_TRIES = 4

type Options = { readonly signal?: AbortSignal | undefined }

export type VolumeRoomInit = {
  readonly clock: Clock
  readonly floors: Floors
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly fetcher: Fetcher
  readonly defaultReadAheadBytes: number
  readonly volume: VolumeInit
}

/** A volume's name and block size: nodes that disagree on the size must not share blocks. */
export function volumeIdOf(volume: VolumeInit): string {
  return `${volume.name}@${volume.blockBytes ?? DEFAULT_BLOCK_BYTES}`
}

export class VolumeRoom {
  readonly id: string
  readonly tree: Tree
  readonly volume: ReadVolume
  readonly revalidateMs: number
  readonly #init: VolumeRoomInit
  readonly #blockBytes: number
  readonly #blocks: TierCounts = { shard: 0, peer: 0, source: 0 }
  readonly #bytes: TierCounts = { shard: 0, peer: 0, source: 0 }
  #prefetches = 0

  constructor(init: VolumeRoomInit) {
    const { volume } = init
    this.#init = init
    this.id = volumeIdOf(volume)
    this.#blockBytes = volume.blockBytes ?? DEFAULT_BLOCK_BYTES
    const isStatic = volume.coherence === 'static'
    this.revalidateMs = isStatic ? Infinity : (volume.revalidateMs ?? DEFAULT_REVALIDATE_MS)
    this.tree = this.#makeTree()
    this.volume = new ReadVolume({
      name: volume.name,
      tree: this.tree,
      file: this.#fileInit(),
      usage: volume.source && ((options) => this.#usage(options)),
      xattrs: (record, options) => this.#xattrs(record, options),
    })
  }

  /** Blocks being read ahead. */
  get prefetches(): number {
    return this.#prefetches
  }

  status(): VolumeStatus {
    const { volume } = this.#init
    return {
      name: volume.name,
      hasSource: volume.source !== undefined,
      coherence: volume.coherence ?? 'gossip',
      blockBytes: this.#blockBytes,
      blocks: { ...this.#blocks },
      bytes: { ...this.#bytes },
    }
  }

  /** Every block of a file, a few at a time. @throws PotluckError what a block failed with */
  async readFile(record: InodeRecord, signal?: AbortSignal): Promise<void> {
    for (let tries = 0; tries < VERSION_TRIES; tries++) {
      const { attributes } = await this.tree.attributes(record, { signal })
      if (await this.#readVersion(record, attributes, signal)) return
    }
    throw new PotluckError('EIO', `${record.path()} changes too fast to be read`)
  }

  /** False where the file has another version by now. */
  async #readVersion(
    record: InodeRecord,
    attributes: Attributes,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const blocks = Math.ceil(attributes.size / this.#blockBytes)
    const version = versionOf(attributes)
    for (let from = 0; from < blocks; from += BLOCKS_AT_ONCE) {
      const count = Math.min(BLOCKS_AT_ONCE, blocks - from)
      const wants = Array.from({ length: count }, (_, i) =>
        this.#dataWant(record, from + i, version),
      )
      const results = await Promise.all(wants.map((want) => this.#bringData(want, { signal })))
      const changed = results.find((result) => result.type === 'changed')
      if (changed === undefined) continue
      this.tree.changed(record, changed, version)
      return false
    }
    return true
  }

  /** The keys of all blocks of a file, or of all pages of a directory. */
  async keysOf(record: InodeRecord, signal?: AbortSignal): Promise<Key[]> {
    const { attributes } = await this.tree.attributes(record, { signal })
    const at = { volume: this.id, inode: record.inode }
    if (attributes.type === 'directory') {
      const pages = await pagesOf(this.tree, record, { signal })
      const splits = pages[0]?.page.splits ?? 0
      const head = keyOf({ ...at, kind: 'page', index: 0, splits: 0 })
      const parts = splits === 0 ? [] : pages
      return [head, ...parts.map((_, i) => keyOf({ ...at, kind: 'page', index: i + 1, splits }))]
    }
    const blocks = Math.ceil(attributes.size / this.#blockBytes)
    return Array.from({ length: blocks }, (_, index) =>
      keyOf({ ...at, kind: 'data', index, splits: 0 }),
    )
  }

  #makeTree(): Tree {
    const { clock, floors, stamps, counters } = this.#init
    return new Tree({
      volume: this.id,
      clock,
      floors,
      stamps,
      counters,
      revalidateMs: this.revalidateMs,
      bring: (want, options) => this.#bringPage(want, options),
      peek: (want) => this.#init.fetcher.peek(want)?.bytes,
      tellKernel: (change) => this.volume.tellKernel(change),
    })
  }

  #fileInit(): FileInit {
    const { volume, fetcher } = this.#init
    return {
      volume: this.id,
      blockBytes: this.#blockBytes,
      windowBytes: volume.readAheadBytes ?? this.#init.defaultReadAheadBytes,
      wholeFileBytes: WHOLE_FILE_BLOCKS * this.#blockBytes,
      bring: (want, options) => this.#bringData(want, options),
      peek: (want) => {
        const bytes = fetcher.peek(want)?.bytes
        if (bytes !== undefined) this.#count('shard', bytes.length)
        return bytes
      },
      prefetch: (want) => this.#prefetch(want),
      told: (record) => this.tree.freshness.told(record.inode),
      fresh: async (record, options) => (await this.tree.attributes(record, options)).attributes,
      onChanged: (record, change, wanted) => this.tree.changed(record, change, wanted),
    }
  }

  async #bringPage(want: Want, options: Options): Promise<{ bytes: Uint8Array; stamp: number }> {
    const held = this.#init.fetcher.peek(want)
    const block = held ?? (await this.#fetchBlock(want, options))
    if (held !== undefined) this.#count('shard', held.bytes.length)
    return block
  }

  async #fetchBlock(want: Want, options: Options): Promise<{ bytes: Uint8Array; stamp: number }> {
    const { answer } = this.#counted(await this.#init.fetcher.fetchHere(want, options))
    if (answer.type === 'block') return answer.block
    throw new PotluckError('ESTALE', `${want.path} is no longer what it was`)
  }

  async #bringData(want: Want, options: Options): Promise<BlockResult> {
    try {
      const { answer } = this.#counted(await this.#init.fetcher.fetchHere(want, options))
      return answer.type === 'changed' ? answer : { type: 'bytes', bytes: answer.block.bytes }
    } catch (error) {
      const record = this.tree.inodes.byInode(want.inode)
      if (record !== undefined) this.tree.suspect(record, error)
      throw error
    }
  }

  #prefetch(want: Want): void {
    const { fetcher, counters } = this.#init
    if (this.#prefetches >= PREFETCHES_MAX || fetcher.peek(want) !== undefined) return
    this.#prefetches += 1
    counters.add('prefetches_total')
    fetcher
      .fetch(want)
      .then((fetched) => this.#counted(fetched))
      // Whoever reads the block for real gets the error.
      .catch(() => counters.add('prefetches_failed_total'))
      .finally(() => void (this.#prefetches -= 1))
  }

  #counted(fetched: Fetched): Fetched {
    const { answer, tier, isJoined } = fetched
    if (answer.type === 'block' && isJoined !== true) this.#count(tier, answer.block.bytes.length)
    return fetched
  }

  #count(tier: keyof TierCounts, bytes: number): void {
    this.#blocks[tier] += 1
    this.#bytes[tier] += bytes
  }

  #dataWant(record: InodeRecord, index: number, version: number): Want {
    const { inode } = record
    const at = { volume: this.id, kind: 'data', inode, index, splits: 0 } as const
    return { ...at, path: record.path(), version, floor: 0, reach: 'climb' }
  }

  #usage(options: Options) {
    const { source } = this.#init.volume
    if (source === undefined) throw new PotluckError('NO_SOURCE', 'the source is not mounted here')
    return source.usage(options.signal === undefined ? {} : { signal: options.signal })
  }

  async #xattrs(record: InodeRecord, options: Options): Promise<ReadonlyMap<Name, Uint8Array>> {
    const at = {
      volume: this.id,
      kind: 'xattrs',
      inode: record.inode,
      index: 0,
      splits: 0,
    } as const
    // They have no version of their own: as old as attributes may be, they may be.
    const floor = this.tree.freshness.floor(record.inode)
    const want: Want = { ...at, path: record.path(), version: 0, floor, reach: 'climb' }
    const { bytes } = await this.#bringPage(want, options)
    return decodeXattrs(bytes)
  }
}
