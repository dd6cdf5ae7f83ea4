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
type WriteOptions = { writeFlags?: number; flags?: number }
type CreateOptions = { flags?: number; mode?: number }

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
  flush: (options: Options & { handle?: number } = {}) =>
    request(OPCODE.FLUSH, body(BigInt(options.handle ?? 1), 0, 0, 11n), options),
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
  write: (
    [handle, from, content]: [number, number, string],
    options: Options & WriteOptions = {},
  ) =>
    request(
      OPCODE.WRITE,
      body(
        BigInt(handle),
        BigInt(from),
        content.length,
        options.writeFlags ?? 0,
        7n,
        options.flags ?? 1,
        0,
        content,
      ),
      options,
    ),
  create: (name: string, options: Options & CreateOptions = {}) =>
    request(
      OPCODE.CREATE,
      body(options.flags ?? 0o102, options.mode ?? 0o100666, 0o22, 0, `${name}\0`),
      options,
    ),
  mkdir: (name: string, mode: number, options?: Options) =>
    request(OPCODE.MKDIR, body(mode, 0o22, `${name}\0`), options),
  mknod: (name: string, mode: number, options?: Options) =>
    request(OPCODE.MKNOD, body(mode, 0x103, 0o22, 0, `${name}\0`), options),
  symlink: (name: string, target: string, options?: Options) =>
    request(OPCODE.SYMLINK, body(`${name}\0${target}\0`), options),
  link: (linked: number, name: string, options?: Options) =>
    request(OPCODE.LINK, body(BigInt(linked), `${name}\0`), options),
  unlink: (name: string, options?: Options) => request(OPCODE.UNLINK, body(`${name}\0`), options),
  rmdir: (name: string, options?: Options) => request(OPCODE.RMDIR, body(`${name}\0`), options),
  rename: (
    [name, to, newName]: [string, number, string],
    options: Options & { flags?: number } = {},
  ) =>
    request(
      OPCODE.RENAME2,
      body(BigInt(to), options.flags ?? 0, 0, `${name}\0${newName}\0`),
      options,
    ),
  /** By the fields of `struct fuse_setattr_in`, each by its offset in 32-bit words. */
  setattr: (valid: number, fields: Readonly<Record<number, number>>, options?: Options) => {
    const words = Array.from({ length: 22 }, (_, index) => fields[index] ?? 0)
    return request(OPCODE.SETATTR, body(valid, ...words.slice(1)), options)
  },
  setxattr: (name: string, value: string, options: Options & { flags?: number } = {}) =>
    request(
      OPCODE.SETXATTR,
      body(value.length, options.flags ?? 0, 0, 0, `${name}\0${value}`),
      options,
    ),
  fsync: (handle: number, options?: Options) =>
    request(OPCODE.FSYNC, body(BigInt(handle), 1, 0), options),
  fallocate: ([handle, from, length, mode]: [number, number, number, number], options?: Options) =>
    request(OPCODE.FALLOCATE, body(BigInt(handle), BigInt(from), BigInt(length), mode, 0), options),
  copy: (
    [from, to]: [
      readonly [handle: number, offset: number],
      readonly [handle: number, offset: number],
    ],
    options: Options & { length: number; isLong?: boolean },
  ) =>
    request(
      options.isLong === true ? OPCODE.COPY_FILE_RANGE_64 : OPCODE.COPY_FILE_RANGE,
      body(
        BigInt(from[0]),
        BigInt(from[1]),
        9n,
        BigInt(to[0]),
        BigInt(to[1]),
        BigInt(options.length),
        0n,
      ),
      options,
    ),
  /** `to` is 2^63 - 1 for the end of the file. */
  lock: (
    opcode: 'GETLK' | 'SETLK' | 'SETLKW',
    [from, to, kind]: [bigint, bigint, number],
    options: Options & { owner?: bigint; isFlock?: boolean } = {},
  ) =>
    request(
      OPCODE[opcode],
      body(4n, options.owner ?? 11n, from, to, kind, 42, options.isFlock === true ? 1 : 0, 0),
      options,
    ),
  interrupt: (of: number, options: Options = {}) =>
    request(OPCODE.INTERRUPT, body(BigInt(of)), { unique: of + 1, ...options }),
  destroy: (options?: Options) => request(OPCODE.DESTROY, body(), options),
}
