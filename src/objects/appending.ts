import { type Change, OWNED } from '../log/changes.ts'
import { COMPACT } from '../log/format/record.ts'
import type { Log } from '../log/log.ts'
import type { LogRecord } from '../log/reader.ts'
import { COMPRESSED, formerKey, pieceKey, PIECES, valueKey } from './kinds.ts'
import { type Answer, MOST_OBJECT_BYTES, type ObjectKey, type WriteOptions } from './operation.ts'
import { type Piece, PIECE_BYTES, PieceTable } from './pieces.ts'
import {
  checkSize,
  type Content,
  durabilityOf,
  mismatch,
  valueOf,
  type Writing,
} from './writing.ts'

/** An object up to this is written anew by an append; a larger one gets a piece more. */
const REWRITTEN_BYTES = 4096
/** At the end, pieces smaller than whole ones are merged before there are more of them than this. */
const MOST_SMALL = 16

/**
 * Appending. Each append adds one piece; pieces at the end are merged when one is not larger than
 * what comes behind it, as in a binary counter, so that a byte is copied a logarithmic number of
 * times and an object of many appends is read in few pieces.
 */
export class Appending {
  readonly #log: Log
  readonly #writing: Writing

  constructor(log: Log, writing: Writing) {
    this.#log = log
    this.#writing = writing
  }

  async append(key: ObjectKey, bytes: Uint8Array, options: WriteOptions): Promise<Answer> {
    for (;;) {
      const value = await this.#log.read(valueKey(this.#log, key))
      const version = value?.version ?? 0
      if (options.expected !== undefined && options.expected !== version) return mismatch(version)
      const answer = await this.#appendTo(key, value, { bytes, options: keptOf(value, options) })
      // Somebody else was quicker: a caller who minds is told so by the look at what is there now.
      if (answer.type !== 'mismatch') return answer
    }
  }

  #appendTo(key: ObjectKey, value: LogRecord | undefined, more: More): Promise<Answer> {
    const isPieces = value !== undefined && (value.flags & PIECES) !== 0
    if (isPieces) return this.#addTo(key, value, more)
    const before = value?.payload ?? Buffer.alloc(0)
    const size = before.length + more.bytes.length
    const expected = value?.version ?? 0
    if (size > REWRITTEN_BYTES) {
      const options = { ...more.options, expected }
      return this.#split(key, [...partsOf(before), ...partsOf(more.bytes)], options)
    }
    const content = { bytes: Buffer.concat([before, more.bytes]) }
    return this.#writing.replace(key, content, { ...more.options, expected })
  }

  /** From one record to pieces. */
  async #split(
    key: ObjectKey,
    parts: readonly Uint8Array[],
    options: WriteOptions,
  ): Promise<Answer> {
    const owner = this.#log.newNumber()
    let table = new PieceTable()
    for (const part of parts) table = await this.#writing.addPiece(owner, table, part)
    return this.#writing.replace(key, { owner, table }, options)
  }

  async #addTo(key: ObjectKey, value: LogRecord, { bytes, options }: More): Promise<Answer> {
    const { owner, version } = value
    const before = PieceTable.decode(value.payload)
    checkSize(before.size + bytes.length, MOST_OBJECT_BYTES)
    const merged =
      options.isRevertable === true ? [] : await this.#toMerge(key, before, { owner, bytes })
    const tail = await this.#read(owner, merged)
    if (tail === undefined) return mismatch(0)
    const parts = partsOf(Buffer.concat([...tail, bytes]))
    let table = before.withoutLast(merged.length)
    // All but the last are there before the table says so; the last comes with it.
    for (const part of parts.slice(0, -1)) table = await this.#writing.addPiece(owner, table, part)
    const last = parts.at(-1) ?? new Uint8Array(0)
    if (options.isRevertable === true) {
      table = await this.#writing.addPiece(owner, table, last)
      return this.#writing.replace(key, { owner, table }, { ...options, expected: version })
    }
    return this.#commit({ key, owner, version, table, last, merged, options })
  }

  async #commit(it: Adding): Promise<Answer> {
    const { key, owner, version, table, last, merged, options } = it
    const content: Content = { owner, table: table.with(last.length) }
    const changes: Change[] = [
      { key: valueKey(this.#log, key), value: valueOf(content, options), expected: version },
      {
        key: pieceKey(this.#log, owner, table.nextNumber),
        value: { payload: last, flags: OWNED, owner },
      },
      ...merged.map(({ number }) => ({ key: pieceKey(this.#log, owner, number) })),
    ]
    const outcome = await this.#log.commit(changes, durabilityOf(options))
    if (!outcome.isDone) return mismatch(outcome.version)
    return { type: 'done', version: outcome.version }
  }

  /** The pieces at the end that become one with what is appended. */
  async #toMerge(
    key: ObjectKey,
    table: PieceTable,
    { owner, bytes }: { owner: number; bytes: Uint8Array },
  ): Promise<Piece[]> {
    const small = table.last(MOST_SMALL).filter(({ length }) => length < PIECE_BYTES)
    const merged: Piece[] = []
    let size = bytes.length
    for (const piece of small.toReversed()) {
      if (piece.length > size * 2 && small.length < MOST_SMALL) break
      merged.unshift(piece)
      size += piece.length
    }
    if (merged.length === 0) return merged
    // A former version may be made of the same pieces.
    const former = await this.#log.head(formerKey(this.#log, key))
    return former?.owner === owner ? [] : merged
  }

  /** Undefined where a piece is gone: the object was replaced. */
  async #read(owner: number, pieces: readonly Piece[]): Promise<Buffer[] | undefined> {
    const found: Buffer[] = []
    for (const { number } of pieces) {
      const record = await this.#log.read(pieceKey(this.#log, owner, number))
      if (record === undefined) return undefined
      found.push(record.payload)
    }
    return found
  }
}

type More = { readonly bytes: Uint8Array; readonly options: WriteOptions }

type Adding = {
  readonly key: ObjectKey
  readonly owner: number
  readonly version: number
  readonly table: PieceTable
  readonly last: Uint8Array
  readonly merged: readonly Piece[]
  readonly options: WriteOptions
}

/** What an append does not say of the object stays as it was. */
function keptOf(value: LogRecord | undefined, options: WriteOptions): WriteOptions {
  if (value === undefined) return options
  return {
    ...options,
    isCompressed: options.isCompressed ?? (value.flags & COMPRESSED) !== 0,
    isCompact: options.isCompact ?? (value.flags & COMPACT) !== 0,
    next: options.next ?? value.next,
  }
}

function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    parts.push(bytes.subarray(from, from + PIECE_BYTES))
  }
  return parts
}
