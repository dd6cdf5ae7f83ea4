// Which blocks to ask for before they are read. A small file is asked for whole with its first read;
// in a larger one the window opens with the second read in a row and doubles as long as the reader
// goes on, up to a bound; a jump closes it.
import assert from 'node:assert/strict'

/** Blocks `from` up to, and not including, `to`. */
export type Ahead = { readonly from: number; readonly to: number }

const NOTHING: Ahead = { from: 0, to: 0 }

export type ReadAheadInit = {
  readonly blockBytes: number
  /** The widest window, in bytes. */
  readonly windowBytes: number
  /** Files up to this size are asked for whole. */
  readonly wholeFileBytes: number
}

export class ReadAhead {
  readonly #init: ReadAheadInit
  #nextOffset = 0
  #windowBlocks = 0
  /** Blocks below this one were asked for already. */
  #askedTo = 0

  constructor(init: ReadAheadInit) {
    assert(init.blockBytes > 0)
    this.#init = init
  }

  /** Tells of a read, and answers what to fetch ahead of the next one. */
  next(read: { readonly from: number; readonly length: number; readonly size: number }): Ahead {
    const { blockBytes, windowBytes, wholeFileBytes } = this.#init
    const blocks = Math.ceil(read.size / blockBytes)
    if (read.size <= wholeFileBytes) return this.#upTo(0, blocks)
    const isSequential = read.from === this.#nextOffset && read.from > 0
    // The kernel itself reads ahead in parallel: a little out of order is still in a row.
    const isNear = Math.abs(read.from - this.#nextOffset) <= blockBytes && read.from > 0
    this.#nextOffset = read.from + read.length
    if (!isSequential && !isNear) {
      this.#windowBlocks = 0
      this.#askedTo = 0
      return NOTHING
    }
    const widest = Math.max(1, Math.floor(windowBytes / blockBytes))
    this.#windowBlocks = Math.min(widest, Math.max(2, this.#windowBlocks * 2))
    const current = Math.floor((read.from + read.length - 1) / blockBytes)
    return this.#upTo(current + 1, Math.min(blocks, current + 1 + this.#windowBlocks))
  }

  #upTo(from: number, to: number): Ahead {
    const start = Math.max(from, this.#askedTo)
    if (start >= to) return NOTHING
    this.#askedTo = to
    return { from: start, to }
  }
}
