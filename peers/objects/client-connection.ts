import net, { type Socket } from 'node:net'
import { PotluckError } from '../../src/base/errors.ts'
import type { Answer, Operation } from '../../src/objects/operation.ts'
import { ByteReader } from '../../src/wire/reader.ts'
import type { ByteWriter } from '../../src/wire/writer.ts'
import { decodeAnswer, HELLO } from './protocol/answers.ts'
import { type Frame, FRAME_HEAD_BYTES, FrameParser, PROTOCOL_VERSION } from './protocol/frames.ts'
import { encodeRequest, requestType } from './protocol/requests.ts'
import { newWriter, writeOut } from './write-out.ts'

type Waiting = {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const REMEDY = 'start one with "potluck object serve", or name its socket with --socket'

/** A client's connection to one shard: requests go out as they come, answers in any order. */
export class ClientConnection {
  readonly #socket: Socket
  readonly #parser = new FrameParser()
  readonly #waiting = new Map<number, Waiting>()
  readonly #hello = Promise.withResolvers<number>()
  #writer: ByteWriter = newWriter()
  #lastId = 0
  #isFlushing = false
  #failure: PotluckError | undefined

  constructor(path: string) {
    this.#hello.promise.catch(() => {})
    this.#socket = net.connect(path)
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => {
      const message = `no store answers at ${path} (${cause.code}); ${REMEDY}`
      this.#end(new PotluckError('UNREACHABLE', message, { cause }))
    })
    this.#socket.on('close', () =>
      this.#end(new PotluckError('CLOSED', 'the connection to the store is closed')),
    )
  }

  /** How many shards the store has. @throws PotluckError UNREACHABLE, MALFORMED */
  get shards(): Promise<number> {
    return this.#hello.promise
  }

  /** @throws PotluckError with the code of the failure; UNREACHABLE, CLOSED */
  perform(operation: Operation): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#lastId = (this.#lastId + 1) >>> 0
    const id = this.#lastId
    this.#frame(id, operation)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  close(): void {
    this.#socket.destroy()
  }

  #frame(id: number, operation: Operation): void {
    const writer = this.#writer
    const start = writer.at
    writer.reserve(FRAME_HEAD_BYTES)
    writer.at += FRAME_HEAD_BYTES
    try {
      encodeRequest(operation, writer)
    } catch (error) {
      writer.at = start
      throw error
    }
    writer.bytes.writeUInt32LE(writer.at - start - FRAME_HEAD_BYTES, start)
    writer.bytes.writeUInt32LE(id, start + 4)
    writer.bytes[start + 8] = requestType(operation)
    if (this.#isFlushing) return
    this.#isFlushing = true
    process.nextTick(() => {
      this.#isFlushing = false
      this.#writer = writeOut(this.#socket, this.#writer)
    })
  }

  #take(chunk: Buffer): void {
    try {
      for (const frame of this.#parser.push(chunk)) this.#settle(frame)
    } catch (error) {
      this.#end(
        error instanceof PotluckError ? error : new PotluckError('MALFORMED', String(error)),
      )
      this.#socket.destroy()
    }
  }

  #settle({ id, type, body }: Frame): void {
    if (type === HELLO) return this.#greet(body)
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    try {
      waiting?.resolve(decodeAnswer(type, body))
    } catch (error) {
      waiting?.reject(error as Error)
    }
  }

  #greet(body: Buffer): void {
    const reader = new ByteReader(body)
    const version = reader.varint()
    if (version !== PROTOCOL_VERSION) {
      throw new PotluckError('MALFORMED', `the store speaks version ${version} of the protocol`)
    }
    this.#hello.resolve(reader.varint())
  }

  #end(error: PotluckError): void {
    this.#failure ??= error
    this.#hello.reject(this.#failure)
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }
}
