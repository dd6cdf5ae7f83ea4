// The flag bits of linux/fuse.h that this file system sets or looks at.

/** Bits 0 to 31 of the INIT flags (`flags`). */
export const INIT = {
  ASYNC_READ: 1,
  POSIX_LOCKS: 1 << 1,
  ATOMIC_O_TRUNC: 1 << 3,
  BIG_WRITES: 1 << 5,
  DONT_MASK: 1 << 6,
  FLOCK_LOCKS: 1 << 10,
  AUTO_INVAL_DATA: 1 << 12,
  DO_READDIRPLUS: 1 << 13,
  WRITEBACK_CACHE: 1 << 16,
  NO_OPEN_SUPPORT: 1 << 17,
  PARALLEL_DIROPS: 1 << 18,
  POSIX_ACL: 1 << 20,
  ABORT_ERROR: 1 << 21,
  MAX_PAGES: 1 << 22,
  CACHE_SYMLINKS: 1 << 23,
  NO_OPENDIR_SUPPORT: 1 << 24,
  EXPLICIT_INVAL_DATA: 1 << 25,
  HANDLE_KILLPRIV_V2: 1 << 28,
  SETXATTR_EXT: 1 << 29,
  INIT_EXT: 1 << 30,
} as const

/** Bits 32 to 63 of the INIT flags (`flags2`), shifted down by 32. */
export const INIT2 = {
  HAS_EXPIRE_ONLY: 1 << 3,
  DIRECT_IO_ALLOW_MMAP: 1 << 4,
  NO_EXPORT_SUPPORT: 1 << 6,
} as const

/** Flags of the reply to OPEN and OPENDIR. */
export const FOPEN = {
  DIRECT_IO: 1 << 0,
  KEEP_CACHE: 1 << 1,
  CACHE_DIR: 1 << 3,
  NOFLUSH: 1 << 5,
} as const

/** `enum fuse_notify_code`, with those that came after 7.38. */
export const NOTIFY = {
  INVAL_INODE: 2,
  INVAL_ENTRY: 3,
  STORE: 4,
  INC_EPOCH: 8,
} as const

/** Flag of INVAL_ENTRY: the name's timeout ends, what hangs below it stays. */
export const EXPIRE_ONLY = 1

/** From this minor version on the kernel knows INC_EPOCH. */
export const MINOR_WITH_EPOCH = 44

/** open(2) flags as Linux has them on x64 and arm64 alike; `node:fs` has those of this machine. */
export const OPEN_ACCESS_MODE = 0o3
export const OPEN_WRITE_ONLY = 0o1
export const OPEN_READ_WRITE = 0o2
export const OPEN_EXCLUSIVE = 0o200
export const OPEN_TRUNCATE = 0o1000
export const OPEN_APPEND = 0o2000

/** Of `open_flags`: set-user-id and set-group-id go with the content. */
export const OPEN_KILL_SUIDGID = 1

export const SEEK_DATA = 3
export const SEEK_HOLE = 4
