import { PotluckError } from '../base/errors.ts'
import { tooLarge } from './writer.ts'

/** Takes fields off a message, each checked. Every method throws MALFORMED or TOO_LARGE. */
export class ByteReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    const value = this.bytes[this.at]
    if (value === undefined) throw malformed('it ends too early')
    this.at++
    return value
  }

  u32(): number {
    this.#need(4)
    const value = this.bytes.readUInt32LE(this.at)
    this.at += 4
    return value
  }

  /** A finite number. */
  f64(): number {
    this.#need(8)
    const value = this.bytes.readDoubleLE(this.at)
    if (!Number.isFinite(value)) throw malformed('a number is not finite')
    this.at += 8
    return value
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 1; count <= 8; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        // One number has one encoding, so that equal messages have equal bytes.
        if (byte === 0 && count > 1) throw malformed('a number is longer than it need be')
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    throw malformed('a number is too large')
  }

  /** A count of things that follow; each takes at least a byte, so it can't exceed what is left. */
  count(limit: number, what: string): number {
    const count = this.varint()
    if (count > limit) throw tooLarge(what, count, limit)
    if (count > this.bytes.length - this.at) throw malformed(`too many ${what} for its length`)
    return count
  }

  byteString(maxBytes: number): string {
    const length = this.count(maxBytes, 'a byte string')
    return this.fixed(length)
  }

  fixed(length: number): string {
    this.#need(length)
    const from = this.at
    this.at += length
    return this.bytes.toString('latin1', from, this.at)
  }

  text(maxBytes: number): string {
    const length = this.count(maxBytes, 'a text')
    const from = this.at
    this.at += length
    const text = this.bytes.toString('utf8', from, this.at)
    // Invalid UTF-8 would decode to the same text as other bytes do.
    if (text.includes('\ufffd')) throw malformed('a text is not UTF-8')
    return text
  }

  /** Throws unless all has been read. */
  end(): void {
    if (this.at !== this.bytes.length) {
      throw malformed(`${this.bytes.length - this.at} bytes are left over`)
    }
  }

  #need(count: number): void {
    if (this.bytes.length - this.at < count) throw malformed('it ends too early')
  }
}

export function malformed(why: string): PotluckError {
  return new PotluckError('MALFORMED', `a message from a peer is malformed: ${why}`)
}
