// An open file: byte ranges to blocks, and back to slices that are not copied.
//
// All blocks of one answer belong to one version of the file. Where the source turns out to have
// another version now, the new attributes are taken in and the read starts again with them.
import type { Attributes, Stamp, Want } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import { versionOf } from '../block/version.ts'
import type { InodeRecord } from '../tree/inode-table.ts'
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
  readonly peek: (want: Want) => Uint8Array | undefined
  /** Fetches without anybody waiting; may decline. */
  readonly prefetch: (want: Want) => void
  /** The file is no longer of the version that was wanted. */
  readonly onChanged: (record: InodeRecord, change: Change, wanted: number) => void
  /** When the file was last said to have changed. */
  readonly told: (record: InodeRecord) => Stamp
  readonly fresh: (record: InodeRecord, options: Options) => Promise<Attributes>
}

export class OpenFile {
  readonly record: InodeRecord
  readonly #init: FileInit
  readonly #readAhead: ReadAhead
  /** The whole file, of one version, where it came with the directory's page; good until news. */
  readonly #inline:
    | { readonly version: number; readonly bytes: Uint8Array; readonly told: Stamp }
    | undefined

  constructor(init: FileInit, record: InodeRecord, inline: Uint8Array | undefined) {
    this.#init = init
    this.record = record
    this.#readAhead = new ReadAhead(init)
    this.#inline =
      inline === undefined || record.attributes === undefined
        ? undefined
        : { version: versionOf(record.attributes), bytes: inline, told: init.told(record) }
  }

  /** Up to `length` bytes from `from`; fewer only where the file ends. */
  async read(
    range: { readonly from: number; readonly length: number },
    options: Options = {},
  ): Promise<readonly Uint8Array[]> {
    for (let tries = 0; tries < VERSION_TRIES; tries++) {
      const attributes = await this.#attributes(options)
      const slices = await this.#readVersion(attributes, range, options)
      if (slices !== undefined) return slices
    }
    throw new PotluckError('EIO', `${this.record.path()} changes too fast to be read`)
  }

  async #attributes(options: Options): Promise<Attributes> {
    return this.record.attributes ?? this.#init.fresh(this.record, options)
  }

  async #readVersion(
    attributes: Attributes,
    range: { readonly from: number; readonly length: number },
    options: Options,
  ): Promise<readonly Uint8Array[] | undefined> {
    const { size } = attributes
    const end = Math.min(size, range.from + range.length)
    if (range.from >= end) return []
    const version = versionOf(attributes)
    const inline = this.#inlineOf(version)
    if (inline !== undefined) return [inline.subarray(range.from, end)]
    const { blockBytes } = this.#init
    const first = Math.floor(range.from / blockBytes)
    const last = Math.floor((end - 1) / blockBytes)
    const wants: Want[] = []
    for (let index = first; index <= last; index++) wants.push(this.#want(index, version))
    const brought = wants.map(async (want) => this.#bring(want, options))
    this.#prefetch({ from: range.from, length: end - range.from, size }, { first, last, version })
    const blocks = await Promise.all(brought)
    const slices: Uint8Array[] = []
    for (const [i, block] of blocks.entries()) {
      if (block === undefined) return undefined
      const start = (first + i) * blockBytes
      slices.push(block.subarray(Math.max(0, range.from - start), end - start))
    }
    return slices
  }

  #inlineOf(version: number): Uint8Array | undefined {
    const inline = this.#inline
    const isGood = inline?.version === version && inline.told === this.#init.told(this.record)
    return isGood ? inline.bytes : undefined
  }

  /** The bytes of a block, or undefined where the file has another version by now. */
  #bring(want: Want, options: Options): Promise<Uint8Array | undefined> | Uint8Array {
    return this.#init.peek(want) ?? this.#bringAway(want, options)
  }

  async #bringAway(want: Want, options: Options): Promise<Uint8Array | undefined> {
    const result = await this.#init.bring(want, options)
    if (result.type === 'bytes') return result.bytes
    this.#init.onChanged(this.record, result, want.version)
    return undefined
  }

  #prefetch(
    read: { from: number; length: number; size: number },
    now: { first: number; last: number; version: number },
  ): void {
    const ahead = this.#readAhead.next(read)
    for (let index = ahead.from; index < ahead.to; index++) {
      const isBeingRead = index >= now.first && index <= now.last
      if (!isBeingRead) this.#init.prefetch(this.#want(index, now.version))
    }
  }

  #want(index: number, version: number): Want {
    const { volume } = this.#init
    const { inode } = this.record
    const path = this.record.path()
    return {
      volume,
      kind: 'data',
      inode,
      index,
      splits: 0,
      path,
      version,
      floor: 0,
      reach: 'climb',
    }
  }
}
