// Builds requests as the kernel would, for tests of the protocol.
import { OPCODE } from '../../fuse/protocol/opcodes.ts'

export type RequestOptions = {
  unique?: number
  nodeid?: number
  pid?: number
}

/** A whole message: header and body. */
export function request(opcode: number, body: Uint8Array, options: RequestOptions = {}): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40 + body.length, 0)
  header.writeUInt32LE(opcode, 4)
  header.writeBigUInt64LE(BigInt(options.unique ?? 2), 8)
  header.writeBigUInt64LE(BigInt(options.nodeid ?? 1), 16)
  header.writeUInt32LE(1000, 24)
  header.writeUInt32LE(1001, 28)
  header.writeUInt32LE(options.pid ?? 42, 32)
  return Buffer.concat([header, body])
}

/** A body out of numbers: 32 bits each, a bigint for 64, and byte strings as they are. */
export function body(...fields: (number | bigint | string)[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'string') return Buffer.from(field, 'latin1')
      const bytes = Buffer.alloc(typeof field === 'bigint' ? 8 : 4)
      if (typeof field === 'bigint') bytes.writeBigUInt64LE(BigInt.asUintN(64, field))
      else bytes.writeUInt32LE(field)
      return bytes
    }),
  )
}

export const READDIR_BYTES = 4096

type Options = RequestOptions

export const make = {
  init: (options: Options & { major?: number; minor?: number } = {}) =>
    request(
      OPCODE.INIT,
      body(
        options.major ?? 7,
        options.minor ?? 45,
        131072,
        0xffff_ffff,
        0xffff_ffff,
        '\0'.repeat(44),
      ),
      options,
    ),
  lookup: (name: string, options?: Options) => request(OPCODE.LOOKUP, body(`${name}\0`), options),
  forget: (count: number, options?: Options) =>
    request(OPCODE.FORGET, body(BigInt(count)), options),
  batchForget: (forgets: [number, number][], options?: Options) =>
    request(
      OPCODE.BATCH_FORGET,
      body(forgets.length, 0, ...forgets.flat().map((number) => BigInt(number))),
      options,
    ),
  getattr: (options?: Options) => request(OPCODE.GETATTR, body(0, 0, 0n), options),
  readlink: (options?: Options) => request(OPCODE.READLINK, body(), options),
  open: (flags: number, options?: Options) => request(OPCODE.OPEN, body(flags, 0), options),
  read: (handle: number, from: number, length: number) =>
    request(OPCODE.READ, body(BigInt(handle), BigInt(from), length, 0, 0n, 0, 0)),
  /** As the kernel reads what it did not open. */
  readInode: (nodeid: number) => request(OPCODE.READ, body(0n, 0n, 4096, 0, 0n, 0, 0), { nodeid }),
  release: (handle: number, options?: Options) =>
    request(OPCODE.RELEASE, body(BigInt(handle), 0, 0, 0n), options),
  flush: (options?: Options) => request(OPCODE.FLUSH, body(1n, 0, 0, 0n), options),
  opendir: (options?: Options) => request(OPCODE.OPENDIR, body(0, 0), options),
  readdir: (handle: number, offset: number, options: Options & { plus?: boolean } = {}) =>
    request(
      options.plus === true ? OPCODE.READDIRPLUS : OPCODE.READDIR,
      body(BigInt(handle), BigInt(offset), READDIR_BYTES, 0, 0n, 0, 0),
      options,
    ),
  releasedir: (handle: number, options?: Options) =>
    request(OPCODE.RELEASEDIR, body(BigInt(handle), 0, 0, 0n), options),
  statfs: (options?: Options) => request(OPCODE.STATFS, body(), options),
  getxattr: (name: string, length: number, options?: Options) =>
    request(OPCODE.GETXATTR, body(length, 0, `${name}\0`), options),
  listxattr: (length: number, options?: Options) =>
    request(OPCODE.LISTXATTR, body(length, 0), options),
  lseek: (offset: number, whence: number, options?: Options) =>
    request(OPCODE.LSEEK, body(1n, BigInt(offset), whence, 0), options),
  interrupt: (of: number, options: Options = {}) =>
    request(OPCODE.INTERRUPT, body(BigInt(of)), { unique: of + 1, ...options }),
  destroy: (options?: Options) => request(OPCODE.DESTROY, body(), options),
}
