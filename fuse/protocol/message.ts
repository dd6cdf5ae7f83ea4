// One message from the kernel where it lies, and how to read numbers out of it.

/** Numbers above 2^53 come out inexact and are refused with `Number.isSafeInteger` by the caller. */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
}

/** Gives back memory that was kept. */
export type Release = () => void

type Memory = {
  readonly bytes: Buffer
  readonly view: DataView
  /** Absent where the bytes are nobody else's. */
  readonly keep?: () => Release
}

const NOTHING: Release = () => undefined

/** The bytes of one message and where they lie in a larger buffer. */
export class Message {
  readonly bytes: Buffer
  readonly view: DataView
  readonly start: number
  readonly end: number
  readonly #keep: (() => Release) | undefined

  constructor(memory: Memory, start: number, length: number) {
    this.#keep = memory.keep
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

  /** What lies here stays as it is until it is released, also when the message has been handled. */
  keep(): Release {
    return this.#keep?.() ?? NOTHING
  }
}

/** Where the body of a request lies: behind its header, before its extensions. */
export type Body = { readonly start: number; readonly end: number }

/** A name ends at its NUL; one without a NUL, or an empty one, is malformed. */
export function readName({ bytes }: Message, { start, end }: Body): string | undefined {
  const nul = bytes.indexOf(0, start)
  if (nul <= start || nul >= end) return undefined
  return bytes.toString('latin1', start, nul)
}

/** Two names, one behind the other. */
export function readNames(message: Message, body: Body): readonly [string, string] | undefined {
  const first = readName(message, body)
  if (first === undefined) return undefined
  const start = body.start + first.length + 1
  const second = start < body.end ? readName(message, { start, end: body.end }) : undefined
  return second === undefined ? undefined : [first, second]
}
