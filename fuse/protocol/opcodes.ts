// The kernel's FUSE protocol as bytes and nothing else: this room knows linux/fuse.h (7.31 to
// 7.45), and neither the device, nor a volume, nor a thread. So every structure is tested without
// a mount, and a request made of garbage can do no more here than be called malformed.
//
// Rules: a decoder never reads past the bytes it was given and never throws on what they say; an
// encoder writes into a buffer it is handed and returns how much of it. Everything is in the
// machine's byte order, which is little-endian on every machine that Node runs FUSE on.

/** `enum fuse_opcode`. */
export const OPCODE = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  GETLK: 31,
  SETLK: 32,
  SETLKW: 33,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  BMAP: 37,
  DESTROY: 38,
  IOCTL: 39,
  POLL: 40,
  NOTIFY_REPLY: 41,
  BATCH_FORGET: 42,
  FALLOCATE: 43,
  READDIRPLUS: 44,
  RENAME2: 45,
  LSEEK: 46,
  COPY_FILE_RANGE: 47,
  SETUPMAPPING: 48,
  REMOVEMAPPING: 49,
  SYNCFS: 50,
  TMPFILE: 51,
  STATX: 52,
  COPY_FILE_RANGE_64: 53,
} as const

/** So many opcodes are counted apart; the last of them stands for all that come after it, too. */
export const COUNTED_OPCODES = 64

const names = new Map<number, string>(
  Object.entries(OPCODE).map(([name, opcode]) => [opcode, name.toLowerCase()]),
)

/** An opcode's name in lower case, for counters; 'unknown' for one this protocol does not have. */
export function opcodeName(opcode: number): string {
  return names.get(opcode) ?? 'unknown'
}

const silent: ReadonlySet<number> = new Set([
  OPCODE.FORGET,
  OPCODE.BATCH_FORGET,
  OPCODE.INTERRUPT,
  OPCODE.NOTIFY_REPLY,
])

/** Whether the kernel waits for a reply to a request of this kind. */
export function wantsReply(opcode: number): boolean {
  return !silent.has(opcode)
}
