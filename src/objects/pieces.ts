import { PotluckError } from '../base/errors.ts'

/** Of one piece; an object up to this is one record. */
export const PIECE_BYTES = 256 * 1024
const RUN_BYTES = 12
const HEAD_BYTES = 12

/** Pieces of equal length whose numbers follow one another. */
export type Run = { readonly first: number; readonly count: number; readonly length: number }

export type Piece = { readonly number: number; readonly from: number; readonly length: number }

/** Which pieces make up an object, in order. Immutable. */
export class PieceTable {
  readonly size: number
  /** The number that the next piece gets: none is used twice within an owner. */
  readonly nextNumber: number
  readonly runs: readonly Run[]

  constructor(runs: readonly Run[] = [], nextNumber = 0) {
    this.runs = runs
    this.nextNumber = nextNumber
    this.size = runs.reduce((sum, { count, length }) => sum + count * length, 0)
  }

  /** With one more piece at the end, of the next number. */
  with(length: number): PieceTable {
    const last = this.runs.at(-1)
    const number = this.nextNumber
    const isNext =
      last !== undefined && last.length === length && last.first + last.count === number
    const runs = isNext
      ? [...this.runs.slice(0, -1), { ...last, count: last.count + 1 }]
      : [...this.runs, { first: number, count: 1, length }]
    return new PieceTable(runs, number + 1)
  }

  /** Without the last pieces. */
  withoutLast(count: number): PieceTable {
    const runs = [...this.runs]
    for (let left = count; left > 0;) {
      const last = runs.pop()
      if (last === undefined) break
      if (last.count > left) runs.push({ ...last, count: last.count - left })
      left -= Math.min(left, last.count)
    }
    return new PieceTable(runs, this.nextNumber)
  }

  /** The last pieces, at most so many, in order. */
  last(most: number): Piece[] {
    const found: Piece[] = []
    let from = this.size
    for (const { first, count, length } of this.runs.toReversed()) {
      for (let i = count - 1; i >= 0; i--) {
        if (found.length === most) return found.reverse()
        from -= length
        found.push({ number: first + i, from, length })
      }
    }
    return found.reverse()
  }

  /** The pieces that hold these bytes, in order. */
  *within(from: number, to: number): Generator<Piece> {
    let start = 0
    for (const { first, count, length } of this.runs) {
      const end = start + count * length
      const begin = Math.max(0, Math.floor((from - start) / length))
      for (let i = begin; i < count && start + i * length < to; i++) {
        yield { number: first + i, from: start + i * length, length }
      }
      start = end
      if (start >= to) return
    }
  }

  *numbers(): Generator<number> {
    for (const { first, count } of this.runs) {
      for (let i = 0; i < count; i++) yield first + i
    }
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(HEAD_BYTES + this.runs.length * RUN_BYTES)
    bytes.writeUInt32LE(this.runs.length, 0)
    bytes.writeUInt32LE(this.nextNumber, 4)
    for (const [i, { first, count, length }] of this.runs.entries()) {
      const at = HEAD_BYTES + i * RUN_BYTES
      bytes.writeUInt32LE(first, at)
      bytes.writeUInt32LE(count, at + 4)
      bytes.writeUInt32LE(length, at + 8)
    }
    return bytes
  }

  /** @throws PotluckError CORRUPT */
  static decode(bytes: Buffer): PieceTable {
    const count = bytes.length >= HEAD_BYTES ? bytes.readUInt32LE(0) : -1
    if (bytes.length !== HEAD_BYTES + count * RUN_BYTES) {
      throw new PotluckError('CORRUPT', 'a table of pieces is damaged')
    }
    const runs = Array.from({ length: count }, (_, i) => {
      const at = HEAD_BYTES + i * RUN_BYTES
      return {
        first: bytes.readUInt32LE(at),
        count: bytes.readUInt32LE(at + 4),
        length: bytes.readUInt32LE(at + 8),
      }
    })
    return new PieceTable(runs, bytes.readUInt32LE(4))
  }
}
