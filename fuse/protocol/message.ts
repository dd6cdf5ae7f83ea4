// One message from the kernel where it lies, and how to read numbers out of it.

/** Numbers above 2^53 come out inexact and are refused with `Number.isSafeInteger` by the caller. */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
}

/** The bytes of one message and where they lie in a larger buffer, such as a ring. */
export class Message {
  readonly bytes: Buffer
  readonly view: DataView
  readonly start: number
  readonly end: number

  constructor(memory: { bytes: Buffer; view: DataView }, start: number, length: number) {
    this.bytes = memory.bytes
    this.view = memory.view
    this.start = start
    this.end = start + length
  }

  static of(bytes: Uint8Array): Message {
    const { buffer, byteOffset, byteLength } = bytes
    const memory = {
      bytes: Buffer.from(buffer, byteOffset, byteLength),
      view: new DataView(buffer, byteOffset, byteLength),
    }
    return new Message(memory, 0, byteLength)
  }
}
