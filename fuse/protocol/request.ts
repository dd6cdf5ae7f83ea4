// Bytes read from the device → a request. The kernel is trusted no more than a peer is: a message
// that is too short, or says a length it does not have, is malformed, never an exception.
import { type Message, readU64 } from './message.ts'
import { decodeOperation, type Operation } from './operations.ts'

const IN_HEADER_BYTES = 40

/** `struct fuse_in_header`, without the length. */
export type Header = {
  readonly opcode: number
  /** What the reply is addressed to. Even; the kernel's INTERRUPT of it is odd. */
  readonly unique: number
  readonly nodeid: number
  readonly uid: number
  readonly gid: number
  readonly pid: number
}

export type Request = { readonly header: Header; readonly operation: Operation }

/**
 * Decodes one message. Undefined when not even the header makes sense, so that there is nobody to
 * reply to; a body that makes none gives an operation of type 'malformed'.
 */
export function decodeRequest(message: Message): Request | undefined {
  const { view, start, end } = message
  if (end - start < IN_HEADER_BYTES) return undefined
  if (view.getUint32(start, true) !== end - start) return undefined
  const header: Header = {
    opcode: view.getUint32(start + 4, true),
    unique: readU64(view, start + 8),
    nodeid: readU64(view, start + 16),
    uid: view.getUint32(start + 24, true),
    gid: view.getUint32(start + 28, true),
    pid: view.getUint32(start + 32, true),
  }
  if (!Number.isSafeInteger(header.unique)) return undefined
  if (!Number.isSafeInteger(header.nodeid)) return { header, operation: { type: 'malformed' } }
  const extensionBytes = view.getUint16(start + 36, true) * 8
  const body = { start: start + IN_HEADER_BYTES, end: end - extensionBytes }
  return { header, operation: decodeOperation(header.opcode, message, body) }
}
