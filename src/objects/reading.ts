import { PotluckError } from '../base/errors.ts'
import type { Log } from '../log/log.ts'
import type { LogRecord } from '../log/reader.ts'
import { COMPRESSED, formerKey, pieceKey, PIECES, valueKey } from './kinds.ts'
import {
  type Answer,
  type ByteRange,
  MOST_ANSWER_BYTES,
  MOST_RANGES,
  type ObjectKey,
} from './operation.ts'
import { PieceTable } from './pieces.ts'
import type { Reaper } from './reaper.ts'

/** The reading half of a shard. */
export class Reading {
  readonly #log: Log
  readonly #reaper: Reaper

  constructor(log: Log, reaper: Reaper) {
    this.#log = log
    this.#reaper = reaper
  }

  /** The record, its bytes as far as an answer holds them. @throws PotluckError CORRUPT */
  async read(key: ObjectKey): Promise<Answer> {
    const found = await this.#log.read(valueKey(this.#log, key))
    if (found === undefined) return { type: 'absent' }
    const isWhole = (found.flags & PIECES) === 0
    const table = isWhole ? undefined : PieceTable.decode(found.payload)
    const bytes = table === undefined ? found.payload : await this.#first(found, table)
    // A piece is gone where the object was replaced meanwhile: then there is a newer one to read.
    if (bytes === undefined) return this.read(key)
    const record = {
      key,
      version: found.version,
      size: table?.size ?? found.payload.length,
      isCompressed: (found.flags & COMPRESSED) !== 0,
      next: found.next,
      bytes,
    }
    return { type: 'record', record }
  }

  /** Parts of an object; what lies beyond its end is left out. */
  async readRange(
    key: ObjectKey,
    ranges: readonly ByteRange[],
    expected?: number,
  ): Promise<Answer> {
    checkRanges(ranges)
    const found = await this.#log.read(valueKey(this.#log, key))
    if (expected !== undefined && expected !== (found?.version ?? 0)) {
      return { type: 'mismatch', change: 0, version: found?.version ?? 0 }
    }
    if (found === undefined) return { type: 'absent' }
    const table = (found.flags & PIECES) === 0 ? undefined : PieceTable.decode(found.payload)
    const size = table?.size ?? found.payload.length
    const unpin = this.#reaper.pin(found.owner)
    try {
      const parts: Uint8Array[] = []
      for (const { from, length } of ranges) {
        const to = Math.min(size, from + length)
        const part =
          table === undefined
            ? found.payload.subarray(from, Math.max(from, to))
            : await this.#gather({ owner: found.owner, table, from, to })
        if (part === undefined) return this.readRange(key, ranges, expected)
        parts.push(part)
      }
      return { type: 'ranges', version: found.version, size, parts }
    } finally {
      unpin()
    }
  }

  async stat(key: ObjectKey): Promise<Answer> {
    const found = await this.#log.read(valueKey(this.#log, key))
    if (found === undefined) return { type: 'absent' }
    const former = await this.#log.head(formerKey(this.#log, key))
    const isPieces = (found.flags & PIECES) !== 0
    return {
      type: 'stat',
      version: found.version,
      size: isPieces ? PieceTable.decode(found.payload).size : found.payload.length,
      isCompressed: (found.flags & COMPRESSED) !== 0,
      isRevertable: former !== undefined,
    }
  }

  /** Reads everything of an object again. @throws PotluckError CORRUPT */
  async verify(key: ObjectKey): Promise<Answer> {
    const found = await this.#log.read(valueKey(this.#log, key))
    if (found === undefined) return { type: 'absent' }
    if ((found.flags & PIECES) === 0) return { type: 'done', version: found.version }
    const unpin = this.#reaper.pin(found.owner)
    try {
      for (const number of PieceTable.decode(found.payload).numbers()) {
        const piece = await this.#log.read(pieceKey(this.#log, found.owner, number))
        if (piece !== undefined) continue
        const now = await this.#log.head(valueKey(this.#log, key))
        if (now?.version !== found.version) return this.verify(key)
        throw new PotluckError('CORRUPT', `a piece of the object is missing`)
      }
      return { type: 'done', version: found.version }
    } finally {
      unpin()
    }
  }

  async #first(found: LogRecord, table: PieceTable): Promise<Buffer | undefined> {
    const to = Math.min(table.size, MOST_ANSWER_BYTES)
    const unpin = this.#reaper.pin(found.owner)
    return this.#gather({ owner: found.owner, table, from: 0, to }).finally(unpin)
  }

  /** Undefined where a piece is no longer there. */
  async #gather({ owner, table, from, to }: Gathering): Promise<Buffer | undefined> {
    if (to <= from) return Buffer.alloc(0)
    const bytes = Buffer.allocUnsafeSlow(to - from)
    for (const piece of table.within(from, to)) {
      const record = await this.#log.read(pieceKey(this.#log, owner, piece.number))
      if (record === undefined) return undefined
      const start = Math.max(0, from - piece.from)
      const end = Math.min(piece.length, to - piece.from)
      record.payload.copy(bytes, piece.from + start - from, start, end)
    }
    return bytes
  }
}

type Gathering = {
  readonly owner: number
  readonly table: PieceTable
  readonly from: number
  readonly to: number
}

function checkRanges(ranges: readonly ByteRange[]): void {
  let bytes = 0
  for (const { length } of ranges) bytes += length
  if (ranges.length <= MOST_RANGES && bytes <= MOST_ANSWER_BYTES) return
  throw new PotluckError('TOO_LARGE', `${ranges.length} ranges of ${bytes} bytes in one answer`)
}
