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
   * Up to `length` bytes from `from`; fewer only where the file ends. Undefined where it changes faster
   * than its blocks can be brought.
   */
  async read(
    range: { readonly from: number; readonly length: number },
    options: Options = {},
  ): Promise<readonly Uint8Array[] | undefined> {
    for (let tries = 0; tries < VERSION_TRIES; tries++) {
      const known = this.record.attributes
      const attributes = known ?? (await this.#init.fresh(this.record, options))
      const slices = await this.#readVersion(attributes, range, options)
      if (slices !== undefined) return slices
    }
    return undefined
  }

  async #readVersion(
    attributes: Attributes,
    range: { readonly from: number; readonly length: number },
    options: Options,
  ): Promise<readonly Uint8Array[] | undefined> {
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
    const slices: Uint8Array[] = []
    for (let i = 0; i <= last - first; i++) {
      const part = brought[i]
      // All are under way already. Most reads are of one block, which is here.
      const block = part instanceof Uint8Array ? part : await part
      if (block === undefined) return undefined
      const start = (first + i) * blockBytes
      slices.push(block.subarray(Math.max(0, range.from - start), end - start))
    }
    return slices
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
  #bringAll(
    { first, last, version }: Blocks,
    options: Options,
  ): (Uint8Array | Promise<Uint8Array | undefined>)[] {
    const brought = []
    for (let index = first; index <= last; index++) {
      const asked = this.#asked(index, version)
      const block = this.#init.held(asked) ?? this.#bring(asked, options)
      // Who waits for the first to fail is not yet waiting for this one.
      if (index > first && block instanceof Promise) block.catch(() => {})
      brought.push(block)
    }
    return brought
  }

  async #bring(asked: Asked, options: Options): Promise<Uint8Array | undefined> {
    const want: Want = { ...asked, path: this.record.path(), reach: 'climb' }
    const result = await this.#init.bring(want, options)
    if (result.type === 'bytes') return result.bytes
    this.#init.onChanged(this.record, result, want.version)
    return undefined
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
