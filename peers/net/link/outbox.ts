import { Uint8ArrayList } from 'uint8arraylist'
import { PotluckError } from '../../../src/base/errors.ts'
import { ByteWriter } from '../../../src/wire/writer.ts'
import {
  CREDIT_BYTES,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_QUEUED_FRAME_BYTES,
  SLICE_BYTES,
} from './frame.ts'
import { Parcels, type Parcel } from './parcels.ts'

/** What the outbox needs of a libp2p stream. */
export type Sendable = {
  send(data: Uint8Array | Uint8ArrayList): boolean
  readonly writeBufferLength: number
}

/**
 * Bytes up to which a slice of a payload is copied into the batch: cheaper than a write of its own.
 */
const COPY_BYTES = 2 * 1024
/** Handed to the stream at once; the stream says whether it can take more. */
const BATCH_BYTES = 512 * 1024
/** Batches are allocated with this capacity and grow. */
const BATCH_CAPACITY_BYTES = 16 * 1024

/**
 * Everything that leaves on a link. Frames of one turn of the event loop leave together. Replies
 * wait for credit from the receiver and for the stream to drain; small ones go first, large ones
 * take turns slice by slice.
 */
export class Outbox {
  readonly #stream: Sendable
  readonly #onError: (error: unknown) => void
  readonly #onSent: () => void
  #writer = new ByteWriter(BATCH_CAPACITY_BYTES)
  /** Finished parts of the batch: what the writer held before, and payloads by reference. */
  #chunks: Uint8Array[] = []
  #chunkBytes = 0
  /** Where the part of the writer begins that is not in `chunks` yet. */
  #cut = 0
  readonly #parcels = new Parcels()
  #credit = CREDIT_BYTES
  #isScheduled = false
  #isWritable = true
  #isClosed = false

  /** `onSent` is called whenever the queue may have become shorter. */
  constructor(stream: Sendable, onError: (error: unknown) => void, onSent: () => void) {
    this.#stream = stream
    this.#onError = onError
    this.#onSent = onSent
  }

  /** Bytes of replies not yet taken by the stream. */
  get replyBytes(): number {
    return this.#parcels.bytes
  }

  get queuedBytes(): number {
    return this.#parcels.bytes + this.#chunkBytes + this.#stream.writeBufferLength
  }

  /** Sends a frame whose body `write` appends; if that throws, nothing is sent. */
  frame(type: number, id: number, write?: (writer: ByteWriter) => void): void {
    if (this.#isClosed) return
    const writer = this.#writer
    const from = writer.at
    beginFrame(writer, { type, id, length: 0 })
    if (write !== undefined) {
      try {
        write(writer)
      } catch (error) {
        writer.at = from
        throw error
      }
      const length = writer.at - from - FRAME_HEADER_BYTES
      writer.bytes.writeUInt32LE(type + length * 0x100, from)
    }
    if (writer.at - this.#cut + this.#chunkBytes > MAX_QUEUED_FRAME_BYTES) {
      this.#onError(new PotluckError('UNREACHABLE', 'the peer does not read what it is sent'))
    }
    this.#schedule()
  }

  /**
   * Queues a reply. The payload is sent from where it lies and must not change until it has left.
   */
  reply(id: number, head: Uint8Array, payload: Uint8Array | undefined): void {
    if (this.#isClosed) return
    this.#parcels.add(id, head, payload)
    this.#schedule()
  }

  /** Drops what is left of a reply. */
  drop(id: number): void {
    this.#parcels.drop(id)
  }

  grant(bytes: number): void {
    this.#credit = Math.min(CREDIT_BYTES, this.#credit + bytes)
    if (this.#parcels.bytes > 0) this.#schedule()
  }

  /** The stream can take more. */
  drained(): void {
    this.#isWritable = true
    this.#schedule()
  }

  /** Sends what waits at once, as far as the stream takes it. */
  flush(): void {
    this.#isScheduled = false
    try {
      while (this.#isWritable && !this.#isClosed && this.#fill()) {
        this.#isWritable = this.#stream.send(this.#take())
      }
      this.#onSent()
    } catch (error) {
      this.#onError(error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#parcels.clear()
    this.#chunks = []
    this.#chunkBytes = 0
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isWritable) return
    this.#isScheduled = true
    // Behind the microtasks of this turn, so that the answers to a batch of requests leave
    // together.
    process.nextTick(flushOutbox, this)
  }

  /** Adds replies to the batch until it is full; false if there is nothing to send. */
  #fill(): boolean {
    let filled = this.#writer.at - this.#cut + this.#chunkBytes
    while (filled < BATCH_BYTES && this.#credit > 0) {
      const parcel = this.#parcels.next()
      if (parcel === undefined) break
      filled += this.#slice(parcel)
    }
    return filled > 0
  }

  /** Appends the next slice of a reply to the batch; returns the slice's size. */
  #slice(parcel: Parcel): number {
    const { id, head, payload, length } = parcel
    const writer = this.#writer
    if (parcel.sent === 0) {
      beginFrame(writer, { type: FRAME.reply, id, length: 8 })
      writer.u32(head.length)
      writer.u32(payload === undefined ? 0xffff_ffff : payload.length)
    }
    const from = parcel.sent
    const to = Math.min(length, from + SLICE_BYTES, from + this.#credit)
    beginFrame(writer, { type: FRAME.data, id, length: to - from })
    if (from < head.length) writer.raw(head.subarray(from, Math.min(to, head.length)))
    if (payload !== undefined && to > head.length) {
      const start = Math.max(0, from - head.length)
      this.#payload(payload.subarray(start, to - head.length))
    }
    this.#credit -= to - from
    this.#parcels.sent(parcel, to - from)
    return to - from
  }

  #payload(bytes: Uint8Array): void {
    if (bytes.length <= COPY_BYTES) {
      this.#writer.raw(bytes)
      return
    }
    this.#cutChunk()
    this.#chunks.push(bytes)
    this.#chunkBytes += bytes.length
  }

  /** Closes the current part of the writer, so that a chunk by reference may follow it. */
  #cutChunk(): void {
    const writer = this.#writer
    if (writer.at === this.#cut) return
    this.#chunks.push(writer.bytes.subarray(this.#cut, writer.at))
    this.#chunkBytes += writer.at - this.#cut
    this.#cut = writer.at
    // A writer that grew would move what it holds, and leave the parts cut so far where they were:
    // right, but wasteful. A new one costs no more than the copy.
    if (writer.bytes.length - writer.at < 256) this.#renewWriter()
  }

  #take(): Uint8Array | Uint8ArrayList {
    this.#cutChunk()
    const chunks = this.#chunks
    const [only] = chunks
    this.#chunks = []
    this.#chunkBytes = 0
    // The bytes belong to the socket until they are written, so the next batch needs its own.
    if (this.#writer.bytes.length - this.#writer.at < 1_024) this.#renewWriter()
    return chunks.length === 1 && only !== undefined ? only : new Uint8ArrayList(...chunks)
  }

  #renewWriter(): void {
    this.#writer = new ByteWriter(BATCH_CAPACITY_BYTES)
    this.#cut = 0
  }
}

function flushOutbox(outbox: Outbox): void {
  outbox.flush()
}

function beginFrame(
  writer: ByteWriter,
  header: { type: number; id: number; length: number },
): void {
  writer.reserve(FRAME_HEADER_BYTES)
  const at = writer.bytes.writeUInt32LE(header.type + header.length * 0x100, writer.at)
  writer.at = writer.bytes.writeUInt32LE(header.id, at)
}
