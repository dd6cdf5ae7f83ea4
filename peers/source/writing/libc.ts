// How a peer changes the directory behind a volume: in threads of their own, by calls that block.
//
// Node has no call for half of what a file system is asked (rename without replacing, nanoseconds,
// holes), and a thread of its pool can't act as another user. These threads can: user, groups and
// umask are each thread's own on Linux, as long as nothing but raw system calls sets them. So what
// the source allows, whom a new file belongs to and whose quota it counts on is decided by the
// source, not by us.
// Nothing here may run in the main thread, nor look up a path that comes from a peer: the main
// thread has opened the directories, and what comes here are their descriptors and single names.
import koffi from 'koffi'

const library = koffi.load(null)

/** Calls that answer -1 with an errno. */
const calls = {
  copyRange: library.func(
    'long copy_file_range(int in, void *from, int out, void *to, size_t length, uint flags)',
  ),
  fallocate: library.func('int fallocate(int fd, int mode, int64_t from, int64_t length)'),
  fchownat: library.func('int fchownat(int fd, const char *path, uint uid, uint gid, int flags)'),
  ftruncate: library.func('int ftruncate(int fd, int64_t size)'),
  lseek: library.func('int64_t lseek(int fd, int64_t from, int whence)'),
  linkat: library.func(
    'int linkat(int from, const char *path, int to, const char *name, int flags)',
  ),
  mkdirat: library.func('int mkdirat(int fd, const char *name, uint mode)'),
  mknodat: library.func('int mknodat(int fd, const char *name, uint mode, uint64_t device)'),
  openat: library.func('int openat(int fd, const char *name, int flags, ...)'),
  pwritev2: library.func(
    'long pwritev2(int fd, void *vectors, int count, int64_t from, int flags)',
  ),
  removexattr: library.func('int removexattr(const char *path, const char *name)'),
  renameat2: library.func(
    'int renameat2(int from, const char *name, int to, const char *newName, uint flags)',
  ),
  setxattr: library.func(
    'int setxattr(const char *path, const char *name, void *value, size_t size, int flags)',
  ),
  symlinkat: library.func('int symlinkat(const char *target, int fd, const char *name)'),
  truncate: library.func('int truncate(const char *path, int64_t size)'),
  unlinkat: library.func('int unlinkat(int fd, const char *name, int flags)'),
  utimensat: library.func('int utimensat(int fd, const char *path, void *times, int flags)'),
} as const

export type CallName = keyof typeof calls

const errnoNames = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))

/** Makes a call. @throws Error with the errno's name as its code, as those of `node:fs` have */
export function call(name: CallName, ...args: readonly unknown[]): number {
  const result = Number(calls[name](...args))
  if (result >= 0) return result
  const code = errnoNames.get(koffi.errno()) ?? 'EIO'
  throw Object.assign(new Error(`${name}: ${code}`), { code })
}

/** openat(2) of a name in a directory that is open. */
export function openAt(
  directory: number,
  name: string,
  { flags, mode = 0 }: { readonly flags: number; readonly mode?: number },
): number {
  return call('openat', directory, text(name), flags, 'uint', mode)
}

const RWF_APPEND = 0x10

/** Writes at the end of the file, atomically, and leaves the descriptor's offset behind it. */
export function append(descriptor: number, bytes: Uint8Array): number {
  const vector = Buffer.alloc(16)
  vector.writeBigUInt64LE(koffi.address(bytes), 0)
  vector.writeBigUInt64LE(BigInt(bytes.length), 8)
  return call('pwritev2', descriptor, vector, 1, -1, RWF_APPEND)
}

/** A byte string as C has it. */
export function text(bytes: string): Buffer {
  return Buffer.from(`${bytes}\0`, 'latin1')
}

export const libraryOfThreads = library
