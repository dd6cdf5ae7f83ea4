// Messages that the kernel did not ask for: what it must forget, or may know before it asks. They
// go out with unique 0, and with the code where a reply has its error.
import { EXPIRE_ONLY, NOTIFY } from './flags.ts'
import { Writer } from './writer.ts'

const HEADER_BYTES = 16

function message(code: number, bodyBytes: number): Writer {
  const out = new Writer(HEADER_BYTES + bodyBytes)
  out.u32(0, HEADER_BYTES + bodyBytes)
  out.i32(4, code)
  return out
}

/** Attributes, and with `data` every cached page too. Open and mapped files are included. */
export function invalidateInode(nodeid: number, options: { data: boolean }): Uint8Array {
  const out = message(NOTIFY.INVAL_INODE, 24)
  out.u64(16, nodeid)
  // A negative offset spares the pages; a length of 0 means to the end.
  out.u64(24, options.data ? 0 : -1)
  out.u64(32, 0)
  return out.bytes
}

/**
 * A name, present or absent, and all below it. With `expireOnly` its timeout ends and nothing is
 * dropped: what is open, mapped or mounted below stays.
 */
export function invalidateEntry(
  parent: number,
  name: string,
  options: { expireOnly?: boolean } = {},
): Uint8Array {
  const out = message(NOTIFY.INVAL_ENTRY, 16 + name.length + 1)
  out.u64(16, parent)
  out.u32(24, name.length)
  out.u32(28, options.expireOnly === true ? EXPIRE_ONLY : 0)
  out.byteString(32, name)
  return out.bytes
}

/** Every name of the mount at once, present and absent ones. Needs a kernel with 7.44. */
export function incrementEpoch(): Uint8Array {
  return message(NOTIFY.INC_EPOCH, 0).bytes
}

/** Puts bytes into the page cache before they are asked for. */
export function store(nodeid: number, offset: number, content: Uint8Array): Uint8Array {
  const out = message(NOTIFY.STORE, 24 + content.length)
  out.u64(16, nodeid)
  out.u64(24, offset)
  out.u32(32, content.length)
  out.u32(36, 0)
  out.put(40, content)
  return out.bytes
}
