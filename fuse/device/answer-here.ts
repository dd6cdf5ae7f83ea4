// What the reader thread answers itself, between reading a request and handing it over.
import { writeSync } from 'node:fs'
import { constantErrno, mayBeConstant, type XattrKinds } from './constant-answers.ts'
import { Message } from '../protocol/message.ts'
import { encodeReply, OUT_HEADER_BYTES } from '../protocol/reply.ts'
import { decodeRequest } from '../protocol/request.ts'
import { Writer } from '../protocol/writer.ts'
import type { RingProducer } from './ring.ts'

const OPCODE_OFFSET = 4

export class AnswerHere {
  readonly #fd: number
  readonly #ring: RingProducer
  readonly #kinds: XattrKinds
  readonly #out = new Writer(OUT_HEADER_BYTES)

  constructor(fd: number, ring: RingProducer, kinds: XattrKinds) {
    this.#fd = fd
    this.#ring = ring
    this.#kinds = kinds
  }

  /** @returns whether the message at `at` is answered, so that main need not have it */
  answer(at: number, length: number): boolean {
    const { bytes, view } = this.#ring
    const opcode = view.getUint32(at + OPCODE_OFFSET, true)
    if (!mayBeConstant(opcode)) return false
    const request = decodeRequest(new Message({ bytes, view }, at, length))
    const errno = request && constantErrno(request, this.#kinds)
    if (request === undefined || errno === undefined) return false
    if (!this.#send(request.header.unique, errno)) return false
    this.#ring.onAnswered(opcode)
    return true
  }

  /** Writing a reply never sleeps. One that is refused is left to main, which knows the reasons. */
  #send(unique: number, errno: number): boolean {
    const inodeNumber = () => 0n
    const length = encodeReply(this.#out, { type: 'status', errno }, { unique, inodeNumber })
    try {
      writeSync(this.#fd, this.#out.bytes, 0, length)
      return true
    } catch {
      return false
    }
  }
}
