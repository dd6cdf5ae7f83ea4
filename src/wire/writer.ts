import { PotluckError } from '../base/errors.ts'

/**
 * Appends fields to a buffer that grows. A channel appends message after message to the same one,
 * so a batch of requests is one allocation and one write to the socket.
 */
export class ByteWriter {
  bytes: Buffer
  /** Where the next field goes: the number of bytes written. */
  at = 0

  constructor(capacityBytes = 1_024) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes)
  }

  /** Room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.at + count
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  u32(value: number): void {
    this.reserve(4)
    this.at = this.bytes.writeUInt32LE(value, this.at)
  }

  f64(value: number): void {
    this.reserve(8)
    this.at = this.bytes.writeDoubleLE(value, this.at)
  }

  /** A whole number from 0 to 2^53 - 1 in one to eight bytes. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new PotluckError('MALFORMED', `${value} is no whole number that can be sent`)
    }
    this.reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    this.bytes[this.at++] = rest
  }

  /** A byte string, preceded by its length. */
  byteString(value: string, maxBytes: number): void {
    const { length } = value
    if (length > maxBytes) throw tooLarge('a byte string', length, maxBytes)
    this.varint(length)
    this.#latin1(value)
  }

  /** A byte string whose length both ends know. */
  fixed(value: string, length: number): void {
    if (value.length !== length) {
      throw new PotluckError('MALFORMED', `a key of ${value.length} bytes, not ${length}`)
    }
    this.#latin1(value)
  }

  /** Text for people, or a name that is text, preceded by its length in UTF-8. */
  text(value: string, maxBytes: number): void {
    const length = Buffer.byteLength(value)
    if (length > maxBytes) throw tooLarge('a text', length, maxBytes)
    this.varint(length)
    this.reserve(length)
    this.at += this.bytes.write(value, this.at, length, 'utf8')
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  /** A copy of what was written from `from` on. */
  copy(from = 0): Uint8Array {
    return Uint8Array.prototype.slice.call(this.bytes, from, this.at)
  }

  #latin1(value: string): void {
    const { length } = value
    this.reserve(length)
    const { bytes } = this
    let { at } = this
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      // Cutting it to a byte would silently name another file.
      if (code > 0xff) throw new PotluckError('MALFORMED', 'a byte string has a wide character')
      bytes[at++] = code
    }
    this.at = at
  }
}

export function tooLarge(what: string, size: number, limit: number): PotluckError {
  return new PotluckError('TOO_LARGE', `${what} of ${size} is larger than the limit, ${limit}`)
}

/** At most so many bytes in UTF-8, never ending in half a character. */
export function cut(message: string, maxBytes: number): string {
  const text = message.toWellFormed().replaceAll('\ufffd', '?')
  if (Buffer.byteLength(text) <= maxBytes) return text
  const bytes = Buffer.from(text).subarray(0, maxBytes)
  return bytes.toString().replace(/\ufffd+$/, '')
}
