// The object store's protocol on a Unix socket, as docs/objects.md has it: frames of a length, the
// request's id, a type and fields. Whatever comes from the socket is checked here before anyone
// believes it; a frame that is wrong ends the connection.
import { PotluckError } from '../../../src/base/errors.ts'

export const PROTOCOL_VERSION = 1
/** Length, id, type. */
export const FRAME_HEAD_BYTES = 9
/** Without the head: a swap's keys and bytes are the most. */
const MOST_FRAME_BYTES = 4 * 1024 * 1024

export type Frame = { readonly id: number; readonly type: number; readonly body: Buffer }

/** Takes frames off a stream of chunks. */
export class FrameParser {
  #chunks: Buffer[] = []
  #length = 0

  /** The frames that are whole now; their bodies share the chunks. @throws PotluckError MALFORMED */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame)
    return frames
  }

  #take(): Frame | undefined {
    if (this.#length < FRAME_HEAD_BYTES) return undefined
    let first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.length < FRAME_HEAD_BYTES) first = this.#join()
    const bodyBytes = first.readUInt32LE(0)
    if (bodyBytes > MOST_FRAME_BYTES) {
      throw new PotluckError('MALFORMED', `a frame of ${bodyBytes} bytes`)
    }
    const end = FRAME_HEAD_BYTES + bodyBytes
    if (this.#length < end) return undefined
    if (first.length < end) first = this.#join()
    if (first.length === end) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(end)
    this.#length -= end
    return {
      id: first.readUInt32LE(4),
      type: first[8] ?? 0,
      body: first.subarray(FRAME_HEAD_BYTES, end),
    }
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined
  }
}
