import { MAX_REQUEST_BYTES } from '../../../src/wire/limits.ts'
import { malformed } from '../../../src/wire/reader.ts'
import { tooLarge } from '../../../src/wire/writer.ts'
import {
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_CONTACTS_BYTES,
  MAX_PROOF_BYTES,
  SLICE_BYTES,
} from './frame.ts'

export type FrameSink = {
  /** A whole frame. `body` is only valid during the call. */
  frame(type: number, id: number, body: Buffer): void
  /** The next bytes of a reply: a `data` frame or a part of one. Only valid during the call. */
  data(id: number, bytes: Buffer): void
}

const LIMITS: ReadonlyMap<number, number> = new Map([
  [FRAME.hello, MAX_PROOF_BYTES],
  [FRAME.answer, MAX_PROOF_BYTES],
  [FRAME.proof, MAX_PROOF_BYTES],
  [FRAME.refused, MAX_PROOF_BYTES],
  [FRAME.request, MAX_REQUEST_BYTES],
  [FRAME.reply, 8],
  [FRAME.data, SLICE_BYTES],
  [FRAME.cancel, 0],
  [FRAME.credit, 0],
  [FRAME.ping, 0],
  [FRAME.pong, 0],
  [FRAME.contacts, MAX_CONTACTS_BYTES],
  [FRAME.departed, MAX_CONTACTS_BYTES],
  [FRAME.find, 64],
  [FRAME.goodbye, 0],
  [FRAME.digest, 8],
])

/** Of smaller chunks the bookkeeping would cost more than they. */
const MIN_GIVEN_BACK_BYTES = 4 * 1024

/**
 * Cuts the stream into frames, wherever the network cut it. A frame that lies in one chunk is not
 * copied; `data` is never collected, for its receiver copies it to where it belongs.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #header = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES)
  #headerBytes = 0
  #type = 0
  #id = 0
  /** Bytes of the frame's body that have not come yet. */
  #missing = 0
  /** Collects the body of a frame that the network cut. */
  #body: Buffer | undefined

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** @throws PotluckError MALFORMED or TOO_LARGE, and whatever the sink throws. */
  push(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    while (at < chunk.length) {
      if (this.#missing > 0) at = this.#continue(chunk, at)
      else if (this.#headerBytes > 0 || chunk.length - at < FRAME_HEADER_BYTES) {
        at = this.#collectHeader(chunk, at)
      } else {
        this.#begin(chunk, at)
        at = this.#deliver(chunk, at + FRAME_HEADER_BYTES)
      }
    }
  }

  #collectHeader(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + FRAME_HEADER_BYTES - this.#headerBytes)
    chunk.copy(this.#header, this.#headerBytes, at, end)
    this.#headerBytes += end - at
    if (this.#headerBytes < FRAME_HEADER_BYTES) return end
    this.#headerBytes = 0
    this.#begin(this.#header, 0)
    return this.#deliver(chunk, end)
  }

  #begin(bytes: Buffer, at: number): void {
    const first = bytes.readUInt32LE(at)
    this.#type = first & 0xff
    this.#missing = first >>> 8
    this.#id = bytes.readUInt32LE(at + 4)
    const limit = LIMITS.get(this.#type)
    if (limit === undefined) throw malformed(`unknown frame ${this.#type}`)
    if (this.#missing > limit) throw tooLarge('a frame', this.#missing, limit)
  }

  /** Hands over the frame if its body is all here, else starts to collect it. */
  #deliver(chunk: Buffer, at: number): number {
    const end = at + this.#missing
    if (end <= chunk.length) {
      this.#missing = 0
      const body = chunk.subarray(at, end)
      if (this.#type === FRAME.data) this.#sink.data(this.#id, body)
      else this.#sink.frame(this.#type, this.#id, body)
      return end
    }
    if (this.#type !== FRAME.data) this.#body = Buffer.allocUnsafeSlow(this.#missing)
    return this.#continue(chunk, at)
  }

  #continue(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#missing)
    const body = this.#body
    if (body === undefined) {
      this.#missing -= end - at
      if (end > at) this.#sink.data(this.#id, chunk.subarray(at, end))
      return end
    }
    chunk.copy(body, body.length - this.#missing, at, end)
    this.#missing -= end - at
    if (this.#missing > 0) return end
    this.#body = undefined
    this.#sink.frame(this.#type, this.#id, body)
    return end
  }
}

/**
 * Frees the memory of bytes that were read from a socket and are used up. Left to the collector,
 * each few dozen MiB of them cost a collection of the whole heap: a third of the CPU of a large
 * transfer. Bytes that share their buffer with others are left alone.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (bytes.byteLength < MIN_GIVEN_BACK_BYTES || bytes.byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
