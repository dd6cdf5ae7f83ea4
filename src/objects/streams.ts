import { PotluckError } from '../base/errors.ts'
import type { Log } from '../log/log.ts'
import { type Answer, MOST_OBJECT_BYTES, type ObjectKey, type WriteOptions } from './operation.ts'
import { PIECE_BYTES, PieceTable } from './pieces.ts'
import type { Reaper } from './reaper.ts'
import { checkSize, type Writing } from './writing.ts'

/** Objects that may be on their way in parts at the same time; each holds up to a piece in memory. */
const MOST_STREAMS = 256

type Stream = {
  readonly key: ObjectKey
  readonly owner: number
  table: PieceTable
  /** Less than a piece, not yet in the log. */
  rest: Buffer
  /** Parts are stored one after another, in the order they came. */
  turn: Promise<void>
  failure: unknown
}

/** Objects that come in parts: seen by nobody until they are finished. */
export class Streams {
  readonly #log: Log
  readonly #writing: Writing
  readonly #reaper: Reaper
  readonly #streams = new Map<number, Stream>()

  constructor(log: Log, writing: Writing, reaper: Reaper) {
    this.#log = log
    this.#writing = writing
    this.#reaper = reaper
  }

  /** Objects that are on their way. */
  get open(): number {
    return this.#streams.size
  }

  /** @throws PotluckError BUSY */
  begin(key: ObjectKey): Answer {
    if (this.#streams.size >= MOST_STREAMS) {
      throw new PotluckError('BUSY', `${MOST_STREAMS} objects are on their way already`)
    }
    const owner = this.#log.newNumber()
    this.#streams.set(owner, {
      key: Uint8Array.from(key),
      owner,
      table: new PieceTable(),
      rest: Buffer.alloc(0),
      turn: Promise.resolve(),
      failure: undefined,
    })
    return { type: 'stream', stream: owner }
  }

  /** Resolves when the part is taken: who waits for it before the next has bounded memory here. */
  async part(number: number, bytes: Uint8Array): Promise<Answer> {
    const stream = this.#find(number)
    stream.turn = stream.turn.then(async () => {
      if (stream.failure !== undefined) return
      await this.#take(stream, bytes).catch((error: unknown) => (stream.failure = error))
    })
    await stream.turn
    if (stream.failure !== undefined) throw this.#fail(number, stream)
    return { type: 'stream', stream: number }
  }

  async finish(number: number, options: WriteOptions): Promise<Answer> {
    const stream = this.#find(number)
    await stream.turn
    this.#streams.delete(number)
    const { key, owner, rest } = stream
    if (stream.table.size === 0) return this.#writing.write(key, rest, options)
    if (rest.length > 0) await this.#store(stream, rest)
    return this.#writing.replace(key, { owner, table: stream.table }, options)
  }

  abandon(number: number): Answer {
    const stream = this.#streams.get(number)
    this.#streams.delete(number)
    if (stream !== undefined) this.#reaper.drop(stream)
    return { type: 'done', version: 0 }
  }

  async #take(stream: Stream, bytes: Uint8Array): Promise<void> {
    checkSize(stream.table.size + stream.rest.length + bytes.length, MOST_OBJECT_BYTES)
    let all = stream.rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([stream.rest, bytes])
    while (all.length >= PIECE_BYTES) {
      await this.#store(stream, all.subarray(0, PIECE_BYTES))
      all = all.subarray(PIECE_BYTES)
    }
    stream.rest = Buffer.from(all)
  }

  async #store(stream: Stream, bytes: Uint8Array): Promise<void> {
    stream.table = await this.#writing.addPiece(stream.owner, stream.table, bytes)
  }

  #find(number: number): Stream {
    const stream = this.#streams.get(number)
    if (stream !== undefined) return stream
    throw new PotluckError('EINVAL', `no object ${number} is on its way; it may have failed`)
  }

  #fail(number: number, stream: Stream): unknown {
    this.abandon(number)
    return stream.failure
  }
}
