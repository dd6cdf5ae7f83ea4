// One volume of a node, put together: tree, files and the read side over the node's one fetcher.
// What is decided of it is decided by the rooms below; here they only meet. It must never keep for
// one volume what belongs to all: shard, fetcher, floors, rumors, heat.
import type { Block, Want } from '../../ports/messages.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { bytesIn, type Fetched } from '../../fetch/flight.ts'
import type { Fetcher } from '../../fetch/fetcher.ts'
import type { Asked } from '../../fetch/verify.ts'
import type { BlockResult, FileInit } from '../../file/open-file.ts'
import { Prefetches } from '../../heat/prefetches.ts'
import type { Uses } from '../../heat/rates/uses.ts'
import type { TraceChange, Traces } from '../../heat/traces.ts'
import type { Random } from '../../ports/random.ts'
import type { Programs } from '../../ports/programs.ts'
import type { Floors } from '../../rumor/floors.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import { Tree } from '../../tree/tree.ts'
import { PotluckError } from '../../base/errors.ts'
import { readWhole } from '../../volume/whole-file.ts'
import { tracesOver } from '../../volume/volume-traces.ts'
import { accessesOver } from '../../volume/accesses.ts'
import type { ReadVolume } from '../../volume/read-volume.ts'
import type { Unsaved } from '../../volume/unsaved.ts'
import type { WriteVolume } from '../../volume/writing/write-volume.ts'
import type { Volume } from '../../volume/volume.ts'
import { Xattrs } from './xattrs.ts'
import type { TierCounts, VolumeInit, VolumeStatus } from '../mesh-node.ts'
import { readAheadFor } from '../tuning.ts'
import { readingOver, type Strict, type StrictInit, strictOf } from './reading-over.ts'
import { type UnsavedInit, unsavedOf } from './unsaved-of.ts'

export const DEFAULT_BLOCK_BYTES = 1024 * 1024
export const DEFAULT_REVALIDATE_MS = 300_000
/** Files up to this many blocks are fetched whole. */
const WHOLE_FILE_BLOCKS = 4

type Options = { readonly signal?: AbortSignal | undefined }

export type VolumeRoomInit = StrictInit &
  UnsavedInit & {
    readonly floors: Floors
    readonly stamps: HybridClock
    readonly fetcher: Fetcher
    readonly ramBytes: number
    readonly random: Random
    readonly programs?: Programs | undefined
    readonly usesOf: (volume: string) => Uses | undefined
    readonly onTrace: (volume: string, change: TraceChange) => void
  }

/** A volume's name and block size: nodes that disagree on the size must not share blocks. */
export function volumeIdOf(volume: VolumeInit): string {
  return `${volume.name}@${volume.blockBytes ?? DEFAULT_BLOCK_BYTES}`
}

export class VolumeRoom {
  readonly id: string
  readonly tree: Tree
  readonly volume: ReadVolume
  /** Where the volume takes changes. */
  writing: WriteVolume | undefined
  readonly revalidateMs: number
  readonly unsaved: Unsaved
  readonly #init: VolumeRoomInit
  readonly #blockBytes: number
  readonly #strict: Strict
  readonly #blocks: TierCounts = { shard: 0, peer: 0, source: 0 }
  readonly #bytes: TierCounts = { shard: 0, peer: 0, source: 0 }
  readonly prefetches: Prefetches
  readonly #xattrs: Xattrs
  /** Undefined where starts are not watched. */
  readonly traces: Traces | undefined

  constructor(init: VolumeRoomInit) {
    const { volume } = init
    this.#init = init
    this.id = volumeIdOf(volume)
    this.#strict = strictOf(init, this.id)
    this.#blockBytes = volume.blockBytes ?? DEFAULT_BLOCK_BYTES
    const isStatic = volume.coherence === 'static'
    this.revalidateMs = isStatic ? Infinity : (volume.revalidateMs ?? DEFAULT_REVALIDATE_MS)
    this.tree = this.#makeTree()
    this.unsaved = unsavedOf(this.id, init)
    this.prefetches = this.#makePrefetches()
    this.#xattrs = this.#makeXattrs()
    this.traces = (volume.ahead ?? 'trace') === 'trace' ? this.#makeTraces() : undefined
    this.volume = readingOver({
      name: volume.name,
      tree: this.tree,
      unsaved: this.unsaved,
      file: this.#fileInit(),
      watch: volume.ahead === 'none' ? undefined : accessesOver(this.traces, this.#fileParts()),
      uses: init.usesOf(this.id),
      usage: volume.source?.usage.bind(volume.source),
      xattrs: (record, options) => this.#xattrs.of(record, options),
      ...this.#strict,
    })
  }

  /** What a mount sees. */
  get mounted(): Volume {
    return this.writing ?? this.volume
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

  readFile(record: InodeRecord, signal?: AbortSignal): Promise<void> {
    const bring = (want: Want) => this.#bringData(want, { signal })
    return readWhole(record, { ...this.#fileParts(), bring, signal })
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
      leases: this.#strict.leases?.since,
      bring: (want, options) => this.#bringPage(want, options),
      held: (asked) => this.#held(asked),
      peek: (asked) => this.#init.fetcher.peek(asked),
      tellKernel: (change) => this.volume.tellKernel(change),
      onRemoved: (record, by) => this.writing?.removed(record, by),
    })
  }

  #fileInit(): FileInit {
    const { volume, fetcher, ramBytes } = this.#init
    return {
      volume: this.id,
      blockBytes: this.#blockBytes,
      windowBytes: volume.readAheadBytes ?? readAheadFor(ramBytes),
      wholeFileBytes: WHOLE_FILE_BLOCKS * this.#blockBytes,
      bring: (want, options) => {
        this.prefetches.used(want)
        return this.#bringData(want, options)
      },
      held: (asked) => {
        const bytes = this.#held(asked)?.bytes
        if (bytes !== undefined) this.prefetches.used(asked)
        return bytes
      },
      prefetch: (asked, record) => {
        if (fetcher.peek(asked) !== undefined) return
        const want: Want = { ...asked, path: record.path(), reach: 'climb' }
        if (this.traces?.mayNeed(want) !== false) this.prefetches.offer(want)
      },
      told: (record) => this.tree.freshness.told(record.inode),
      fresh: async (record, options) => (await this.tree.attributes(record, options)).attributes,
      onChanged: (record, change, wanted) => this.tree.changed(record, change, wanted),
    }
  }

  #held(asked: Asked): Block | undefined {
    const held = this.#init.fetcher.peek(asked)
    if (held !== undefined) this.#count('shard', held.bytes.length)
    return held
  }

  async #bringPage(want: Want, options: Options): Promise<{ bytes: Uint8Array; stamp: number }> {
    const { answer } = this.#counted(await this.#init.fetcher.fetchHere(want, options))
    if (answer.type === 'block') return answer.block
    throw new PotluckError('ESTALE', `${want.path} is no longer what it was`)
  }

  #bringData(want: Want, options: Options): Promise<BlockResult> {
    return this.#init.fetcher.fetchHere(want, options).then(
      (fetched) => {
        const { answer } = this.#counted(fetched)
        return answer.type === 'changed' ? answer : { type: 'bytes', bytes: answer.block.bytes }
      },
      (error: unknown) => {
        const record = this.tree.inodes.byInode(want.inode)
        if (record !== undefined) this.tree.suspect(record, error)
        throw error
      },
    )
  }

  #fileParts() {
    return {
      counters: this.#init.counters,
      prefetches: this.prefetches,
      tree: this.tree,
      bring: (want: Want) => this.#bringData(want, {}),
      blockBytes: this.#blockBytes,
      dataWant: this.#dataWant.bind(this),
      xattrsAhead: (record: InodeRecord) => this.#xattrs.ahead(record),
    }
  }

  #makeTraces(): Traces {
    const { volume, onTrace } = this.#init
    return tracesOver({
      ...this.#init,
      ...this.#fileParts(),
      known: volume.traces ?? [],
      peers: () => this.#init.table.size,
      tellKernel: (change) => this.volume.tellKernel(change),
      onChanged: (change) => onTrace(this.id, change),
    })
  }

  #makePrefetches(): Prefetches {
    const { fetcher } = this.#init
    return new Prefetches({
      ...this.#init,
      isHere: (want, key) => fetcher.peek(want, key) !== undefined,
      fetch: (want, signal) =>
        fetcher.fetch(want, { signal }).then((it) => bytesIn(this.#counted(it))),
    })
  }

  #makeXattrs(): Xattrs {
    const { id: volume, tree, prefetches } = this
    const held = (want: Want) => this.#held(want)
    return new Xattrs({ volume, tree, prefetches, held, bring: this.#bringPage.bind(this) })
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
}
