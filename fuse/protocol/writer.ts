// Puts numbers and byte strings into a buffer that is used again for every reply.

export class Writer {
  readonly bytes: Buffer
  readonly #view: DataView

  constructor(capacityBytes: number) {
    // Not from Buffer's pool: the device writes out of it for as long as the mount lives.
    const memory = new ArrayBuffer(capacityBytes)
    this.bytes = Buffer.from(memory)
    this.#view = new DataView(memory)
  }

  get capacityBytes(): number {
    return this.bytes.length
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true)
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  i32(at: number, value: number): void {
    this.#view.setInt32(at, value, true)
  }

  /** Negative values in two's complement: a time before 1970, an offset that says "none". */
  u64(at: number, value: number): void {
    this.#view.setUint32(at, value >>> 0, true)
    this.#view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true)
  }

  bigU64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true)
  }

  /** @returns how many bytes it took: one for each character. */
  byteString(at: number, value: string): number {
    return this.bytes.write(value, at, 'latin1')
  }

  put(at: number, value: Uint8Array): void {
    this.bytes.set(value, at)
  }

  zero(from: number, to: number): void {
    this.bytes.fill(0, from, to)
  }
}
