// An open file: byte ranges to blocks, and back to slices that are not copied.
//
// All blocks of one answer belong to one version of the file. Where the source turns out to have
// another version now, the new attributes are taken in and the read starts again with them.
import type { Attributes, Stamp, Want } from '../ports/messages.ts'
import { versionOf } from '../block/version.ts'
import type { Asked } from '../fetch/verify.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import type { Change } from '../tree/tree.ts'
import { ReadAhead, type ReadAheadInit } from './read-ahead.ts'

const VERSION_TRIES = 4

export type Options = { readonly signal?: AbortSignal | undefined }

export type BlockResult =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | ({ readonly type: 'changed' } & Change)

export type FileInit = ReadAheadInit & {
  readonly volume: string
  readonly bring: (want: Want, options: Options) => Promise<BlockResult>
  /** The block where it is here already; saves a promise on the hot path. */
  readonly held: (asked: Asked) => Uint8Array | undefined
  /** Fetches what is not here without anybody waiting; may decline. */
  readonly prefetch: (asked: Asked, record: InodeRecord) => void
  /** The file is no longer of the version that was wanted. */
  readonly onChanged: (record: InodeRecord, change: Change, wanted: number) => void
  /** When the file was last said to have changed. */
  readonly told: (record: InodeRecord) => Stamp
  readonly fresh: (record: InodeRecord, options: Options) => Promise<Attributes>
}

type Slices = readonly Uint8Array[]
type Range = { readonly from: number; readonly length: number }
type Brought = Uint8Array | Promise<Uint8Array | undefined>
/** Which bytes of some blocks in a row. */
type Cut = { readonly from: number; readonly to: number; readonly blockBytes: number }

type Blocks = { readonly first: number; readonly last: number; readonly version: number }

export class OpenFile {
  readonly record: InodeRecord
  readonly #init: FileInit
  readonly #readAhead: ReadAhead
  /** The whole file, of one version, where it came with the directory's page; good until news. */
  readonly #inline:
    | { readonly version: number; readonly bytes: Uint8Array; readonly told: Stamp }
    | undefined
  /** The version of the attributes looked at last: it takes longer to make than all else of a read. */
  #lastVersion: { readonly of: Attributes; readonly version: number } | undefined

  constructor(init: FileInit, record: InodeRecord, inline: Uint8Array | undefined) {
    this.#init = init
    this.record = record
    this.#readAhead = new ReadAhead(init)
    this.#inline =
      inline === undefined || record.attributes === undefined
        ? undefined
        : { version: versionOf(record.attributes), bytes: inline, told: init.told(record) }
  }

  /**
   * Up to `length` bytes from `from`; fewer only where the file ends. At once where all of them are
   * here. Undefined where the file changes faster than its blocks can be brought.
   */
  read(range: Range, options: Options = {}): Slices | Promise<Slices | undefined> {
    const { attributes } = this.record
    const slices =
      attributes === undefined
        ? this.#readFresh(range, options)
        : this.#readVersion(attributes, range, options)
    return slices instanceof Promise ? this.#readSteady(slices, range, options) : slices
  }

  /** A read that was begun, and again where the file has changed meanwhile. */
  async #readSteady(begun: Promise<Slices | undefined>, range: Range, options: Options) {
    let slices = await begun
    for (let tries = 1; slices === undefined && tries < VERSION_TRIES; tries++) {
      slices = await this.#readFresh(range, options)
    }
    return slices
  }

  async #readFresh(range: Range, options: Options): Promise<Slices | undefined> {
    const known = this.record.attributes
    const attributes = known ?? (await this.#init.fresh(this.record, options))
    return this.#readVersion(attributes, range, options)
  }

  /** Undefined where the file has another version by now. */
  #readVersion(
    attributes: Attributes,
    range: Range,
    options: Options,
  ): Slices | Promise<Slices | undefined> {
    const { size } = attributes
    const end = Math.min(size, range.from + range.length)
    if (range.from >= end) return []
    const version = this.#versionOf(attributes)
    const inline = this.#inlineOf(version)
    if (inline !== undefined) return [inline.subarray(range.from, end)]
    const { blockBytes } = this.#init
    const first = Math.floor(range.from / blockBytes)
    const last = Math.floor((end - 1) / blockBytes)
    const brought = this.#bringAll({ first, last, version }, options)
    this.#prefetch({ from: range.from, length: end - range.from, size }, { first, last, version })
    const cut = { from: range.from - first * blockBytes, to: end - first * blockBytes, blockBytes }
    // Most reads are of one block, which is here.
    return areHere(brought) ? slicesOf(brought, cut) : slicesOfLate(brought, cut)
  }

  #versionOf(attributes: Attributes): number {
    if (this.#lastVersion?.of === attributes) return this.#lastVersion.version
    const version = versionOf(attributes)
    this.#lastVersion = { of: attributes, version }
    return version
  }

  #inlineOf(version: number): Uint8Array | undefined {
    const inline = this.#inline
    const isGood = inline?.version === version && inline.told === this.#init.told(this.record)
    return isGood ? inline.bytes : undefined
  }

  /** The bytes of each block, undefined where the file has another version by now. */
  #bringAll({ first, last, version }: Blocks, options: Options): Brought[] {
    const brought: Brought[] = []
    for (let index = first; index <= last; index++) {
      const asked = this.#asked(index, version)
      const block = this.#init.held(asked) ?? this.#bring(asked, options)
      // Who waits for the first to fail is not yet waiting for this one.
      if (index > first && block instanceof Promise) block.catch(() => {})
      brought.push(block)
    }
    return brought
  }

  #bring(asked: Asked, options: Options): Promise<Uint8Array | undefined> {
    const want: Want = { ...asked, path: this.record.path(), reach: 'climb' }
    return this.#init.bring(want, options).then((result) => {
      if (result.type === 'bytes') return result.bytes
      this.#init.onChanged(this.record, result, want.version)
      return undefined
    })
  }

  #prefetch(read: { from: number; length: number; size: number }, now: Blocks): void {
    const ahead = this.#readAhead.next(read)
    for (let index = ahead.from; index < ahead.to; index++) {
      const isBeingRead = index >= now.first && index <= now.last
      if (!isBeingRead) this.#init.prefetch(this.#asked(index, now.version), this.record)
    }
  }

  #asked(index: number, version: number): Asked {
    const { inode } = this.record
    const { volume } = this.#init
    return { volume, kind: 'data', inode, index, splits: 0, name: undefined, version, floor: 0 }
  }
}

function areHere(blocks: readonly Brought[]): blocks is readonly Uint8Array[] {
  return blocks.every((block) => block instanceof Uint8Array)
}

function slicesOf(blocks: readonly Uint8Array[], { from, to, blockBytes }: Cut): Slices {
  return blocks.map((block, i) => {
    const start = i * blockBytes
    return block.subarray(Math.max(0, from - start), to - start)
  })
}

async function slicesOfLate(blocks: readonly Brought[], cut: Cut): Promise<Slices | undefined> {
  const late: Uint8Array[] = []
  for (const each of blocks) {
    // All are under way already.
    const block = each instanceof Uint8Array ? each : await each
    if (block === undefined) return undefined
    late.push(block)
  }
  return slicesOf(late, cut)
}
