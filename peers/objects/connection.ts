import type { Socket } from 'node:net'
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import type { Answer, ObjectKey, Operation, Performer } from '../../src/objects/operation.ts'
import type { ByteWriter } from '../../src/wire/writer.ts'
import { answerType, encodeAnswer, encodeFailure, FAILED, HELLO } from './protocol/answers.ts'
import { type Frame, FRAME_HEAD_BYTES, FrameParser, PROTOCOL_VERSION } from './protocol/frames.ts'
import { decodeRequest } from './protocol/requests.ts'
import type { Turn } from './turn.ts'
import { newWriter, writeOut } from './write-out.ts'

/** Requests of one connection that may be under way; it is not read further until one has ended. */
const MOST_REQUESTS = 1024
const MOST_REQUEST_BYTES = 16 * 1024 * 1024
/** Answers that the client has not read yet. */
const MOST_ANSWER_BYTES = 8 * 1024 * 1024

export type ConnectionInit = {
  readonly socket: Socket
  readonly store: Performer<Operation>
  readonly shard: number
  readonly shards: number
  readonly log: Log
  /** Shared by all connections of the thread. */
  readonly turn: Turn
}

/** One client: its requests are done as they come, and answered as they end. */
export class Connection {
  readonly #init: ConnectionInit
  readonly #parser = new FrameParser()
  /** Objects on their way in parts, which nobody will finish when the client is gone. */
  readonly #streams = new Map<number, ObjectKey>()
  #writer: ByteWriter = newWriter()
  #requests = 0
  #requestBytes = 0
  #isFlushing = false

  constructor(init: ConnectionInit) {
    this.#init = init
    const { socket } = init
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('drain', () => this.#readOn())
    socket.on('error', (error) => init.log('debug', 'a client went away', { error: String(error) }))
    socket.on('close', () => this.#abandonAll())
    this.#frame(0, HELLO, (writer) => {
      writer.varint(PROTOCOL_VERSION)
      writer.varint(init.shards)
      writer.varint(init.shard)
    })
  }

  #take(chunk: Buffer): void {
    try {
      for (const frame of this.#parser.push(chunk)) this.#arrived(frame)
    } catch (error) {
      this.#init.log('warn', 'a client broke the protocol', { error: String(error) })
      this.#init.socket.destroy()
    }
    if (this.#isOverLimit()) this.#init.socket.pause()
  }

  #arrived(frame: Frame): void {
    this.#requests += 1
    this.#requestBytes += frame.body.length
    this.#init.turn.add(() => void this.#perform(frame))
  }

  async #perform({ id, type, body }: Frame): Promise<void> {
    try {
      const operation = decodeRequest(type, body)
      const answer = await this.#init.store.perform(operation)
      this.#noteStream(operation, answer)
      this.#frame(id, answerType(answer), (writer) => encodeAnswer(answer, writer))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (!(error instanceof PotluckError)) {
        this.#init.log('error', 'an operation failed', { error: String(error) })
      }
      this.#frame(id, FAILED, (writer) => encodeFailure(codeOf(error), message, writer))
    } finally {
      this.#requests -= 1
      this.#requestBytes -= body.length
      this.#readOn()
    }
  }

  #noteStream(operation: Operation, answer: Answer): void {
    if (operation.type === 'begin' && answer.type === 'stream') {
      this.#streams.set(answer.stream, Uint8Array.from(operation.key))
    } else if (operation.type === 'finish' || operation.type === 'abandon') {
      this.#streams.delete(operation.stream)
    }
    if (this.#init.socket.destroyed) this.#abandonAll()
  }

  #abandonAll(): void {
    for (const [stream, key] of this.#streams) {
      void this.#init.store.perform({ type: 'abandon', key, stream }).catch(() => {})
    }
    this.#streams.clear()
  }

  /** Answers that are ready together go to the socket together. */
  #frame(id: number, type: number, fields: (writer: ByteWriter) => void): void {
    const writer = this.#writer
    const start = writer.at
    writer.reserve(FRAME_HEAD_BYTES)
    writer.at += FRAME_HEAD_BYTES
    fields(writer)
    writer.bytes.writeUInt32LE(writer.at - start - FRAME_HEAD_BYTES, start)
    writer.bytes.writeUInt32LE(id, start + 4)
    writer.bytes[start + 8] = type
    if (this.#isFlushing) return
    this.#isFlushing = true
    // Asked for by promise code, a tick comes when all promise code that can run has.
    process.nextTick(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushing = false
    if (this.#init.socket.destroyed) return
    this.#writer = writeOut(this.#init.socket, this.#writer)
    if (this.#isOverLimit()) this.#init.socket.pause()
  }

  #isOverLimit(): boolean {
    return (
      this.#requests >= MOST_REQUESTS ||
      this.#requestBytes >= MOST_REQUEST_BYTES ||
      this.#init.socket.writableLength + this.#writer.at >= MOST_ANSWER_BYTES
    )
  }

  #readOn(): void {
    if (this.#init.socket.isPaused() && !this.#isOverLimit()) this.#init.socket.resume()
  }
}
