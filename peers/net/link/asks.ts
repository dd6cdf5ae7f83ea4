import type { StopSignal } from '../../../src/base/abort.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { MAX_BLOCK_BYTES, MAX_REPLY_HEAD_BYTES } from '../../../src/wire/limits.ts'
import { malformed } from '../../../src/wire/reader.ts'
import { tooLarge } from '../../../src/wire/writer.ts'
import { MAX_OUTSTANDING } from './frame.ts'

/** Makes a reply out of its bytes. `head` is only valid during the call, `payload` is its own. */
export type Decode<T> = (head: Uint8Array, payload?: Uint8Array) => T

const NO_PAYLOAD = 0xffff_ffff

/** One outstanding request, and the reply as far as it has come. */
class Ask {
  readonly decode: Decode<unknown>
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
  signal: StopSignal | undefined
  onAbort: (() => void) | undefined
  headLength = 0
  payloadLength = 0
  /** Bytes of head and payload that have come. */
  received = 0
  head: Buffer | undefined
  payload: Uint8Array | undefined

  constructor(
    decode: Decode<unknown>,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.decode = decode
    this.resolve = resolve
    this.reject = reject
  }
}

/**
 * The asking side of a link: requests that wait for their replies. A reply's payload is assembled
 * straight into one buffer of its exact size, so it is copied once.
 */
export class Asks {
  readonly #asks = new Map<number, Ask>()
  readonly #sendCancel: (id: number) => void
  #nextId = 1
  /** Why nothing is asked any more. */
  #closed: PotluckError | undefined

  constructor(sendCancel: (id: number) => void) {
    this.#sendCancel = sendCancel
  }

  get size(): number {
    return this.#asks.size
  }

  /**
   * Registers a request; `send` gets its id.
   *
   * @throws PotluckError BUSY at MAX_OUTSTANDING, ABORTED by the signal, what `send` throws, and what
   *   it was closed with: nobody would ever answer
   */
  add<T>(decode: Decode<T>, send: (id: number) => void, signal?: StopSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed !== undefined) throw this.#closed
      if (signal?.aborted === true) throw aborted(signal)
      if (this.#asks.size >= MAX_OUTSTANDING) {
        throw new PotluckError('BUSY', `${MAX_OUTSTANDING} requests to this peer are outstanding`)
      }
      const id = this.#nextId
      this.#nextId = id >= 0xffff_ffff ? 1 : id + 1
      const ask = new Ask(decode, resolve, reject)
      send(id)
      this.#asks.set(id, ask)
      if (signal !== undefined) this.#watch(id, ask, signal)
    })
  }

  #watch(id: number, ask: Ask, signal: StopSignal): void {
    ask.signal = signal
    ask.onAbort = () => {
      this.#asks.delete(id)
      this.#sendCancel(id)
      ask.reject(aborted(signal))
    }
    signal.addEventListener('abort', ask.onAbort, { once: true })
  }

  /**
   * A reply begins. One that nobody waits for any more is ignored.
   *
   * @throws PotluckError TOO_LARGE or MALFORMED: the peer broke the protocol
   */
  begin(id: number, headLength: number, payloadLength: number): void {
    if (headLength > MAX_REPLY_HEAD_BYTES) {
      throw tooLarge('a reply', headLength, MAX_REPLY_HEAD_BYTES)
    }
    const hasPayload = payloadLength !== NO_PAYLOAD
    if (hasPayload && payloadLength > MAX_BLOCK_BYTES) {
      throw tooLarge('a block', payloadLength, MAX_BLOCK_BYTES)
    }
    if (headLength === 0) throw malformed('a reply without a head')
    const ask = this.#asks.get(id)
    if (ask === undefined) return
    if (ask.headLength !== 0) throw malformed('a second reply to one request')
    ask.headLength = headLength
    if (!hasPayload) return
    ask.payloadLength = payloadLength
    ask.payload = allocate(payloadLength)
  }

  /** The next bytes of a reply. @throws PotluckError as `begin` does */
  data(id: number, bytes: Buffer): void {
    const ask = this.#asks.get(id)
    if (ask === undefined) return
    const { headLength, payloadLength, received } = ask
    if (received + bytes.length > headLength + payloadLength) {
      throw malformed('a reply is longer than was said')
    }
    if (received === 0 && bytes.length >= headLength) {
      // The head lies in one piece, and is decoded where it lies, unless its payload is yet to
      // come.
      ask.head = bytes.subarray(0, headLength)
      if (bytes.length > headLength) ask.payload?.set(bytes.subarray(headLength))
      if (bytes.length < headLength + payloadLength) ask.head = Buffer.from(ask.head)
    } else this.#collect(ask, bytes)
    ask.received = received + bytes.length
    if (ask.received === headLength + payloadLength) this.#finish(id, ask)
  }

  #collect(ask: Ask, bytes: Buffer): void {
    const { headLength, received } = ask
    ask.head ??= Buffer.allocUnsafeSlow(headLength)
    const ofHead = Math.max(0, Math.min(bytes.length, headLength - received))
    if (ofHead > 0) bytes.copy(ask.head, received, 0, ofHead)
    if (ofHead < bytes.length) {
      ask.payload?.set(bytes.subarray(ofHead), received + ofHead - headLength)
    }
  }

  #finish(id: number, ask: Ask): void {
    this.#asks.delete(id)
    release(ask)
    let value: unknown
    try {
      value = ask.decode(ask.head as Buffer, ask.payload)
    } catch (error) {
      // A reply that can't be read means that the peer is not to be believed in anything.
      ask.reject(error)
      throw error
    }
    ask.resolve(value as never)
  }

  /** Rejects all that is outstanding. */
  close(error: PotluckError): void {
    this.#closed = error
    for (const ask of this.#asks.values()) {
      release(ask)
      ask.reject(error)
    }
    this.#asks.clear()
  }
}

function release(ask: Ask): void {
  if (ask.onAbort !== undefined) ask.signal?.removeEventListener('abort', ask.onAbort)
}

/** A buffer of its own: a slice of Node's shared pool would keep the whole pool alive. */
function allocate(length: number): Uint8Array {
  return length < 4_096 ? new Uint8Array(length) : Buffer.allocUnsafeSlow(length)
}

function aborted(signal: StopSignal): PotluckError {
  return new PotluckError('ABORTED', 'the request was given up', { cause: signal.reason })
}
