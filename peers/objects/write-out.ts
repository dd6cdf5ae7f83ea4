import type { Socket } from 'node:net'
import { ByteWriter } from '../../src/wire/writer.ts'

const USUAL_BYTES = 16_384
/** A buffer that one large answer made larger than this is not kept. */
const KEPT_BYTES = 512 * 1024

export function newWriter(): ByteWriter {
  return new ByteWriter(USUAL_BYTES)
}

/** Hands what was written to the socket. @returns what to write to from now on */
export function writeOut(socket: Socket, writer: ByteWriter): ByteWriter {
  socket.write(writer.bytes.subarray(0, writer.at))
  // The kernel has all of it already, most of the time: then the buffer is free again.
  if (socket.writableLength > 0 || writer.bytes.length > KEPT_BYTES) return newWriter()
  writer.at = 0
  return writer
}
