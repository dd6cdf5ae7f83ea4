// The system around a mount: mount(2), fusermount3, mount points and what a crash left behind.
// The few system calls that Node lacks come from the C library which Node itself is linked with.
//
// What this room must never do: touch a mount point (stat, open, list) before it knows from
// /proc/self/mountinfo that nothing dead or our own is mounted there. Such a call may never return.
import assert from 'node:assert/strict'
import koffi, { type LibraryHandle } from 'koffi'

/** Flags of mount(2) and umount2(2). */
export const MS_RDONLY = 1
export const MS_NOSUID = 2
export const MS_NODEV = 4
export const MS_NOATIME = 1024
export const MNT_FORCE = 1
export const MNT_DETACH = 2

const AF_UNIX = 1
const SOCK_STREAM = 1
const MSG_DONTWAIT = 0x40

/** A system call failed; `errno` is its name. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  readonly code: string

  constructor(call: string, errno: number) {
    const code = errnoName(errno)
    super(`${call}: ${code}`)
    this.code = code
  }
}

function errnoName(errno: number): string {
  const found = Object.entries(koffi.os.errno).find(([, number]) => number === errno)
  return found?.[0] ?? `errno ${errno}`
}

type LibraryFunction = ReturnType<LibraryHandle['func']>

const library = koffi.load(null)
const mountFunction = library.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str'])
const umountFunction = library.func('umount2', 'int', ['str', 'int'])
const exitFunction = library.func('_exit', 'void', ['int'])
const socketpairFunction = library.func('socketpair', 'int', ['int', 'int', 'int', 'void *'])
const fcntlFunction = library.func('fcntl', 'int', ['int', 'int', 'int'])
const recvmsgFunction = library.func('recvmsg', 'long', ['int', 'void *', 'int'])

/**
 * Runs a call that returns 0 or -1 in another thread: the path walk inside it may go through a
 * mount that this very process serves.
 */
function callAsync(f: LibraryFunction, name: string, args: readonly unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    f.async(...args, (error: Error | null, result: number) => {
      if (error !== null) reject(error)
      else if (result === 0) resolve()
      else reject(new SystemCallError(name, koffi.errno()))
    })
  })
}

export type MountCall = {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly flags: number
  readonly options: string
}

/** mount(2). @throws SystemCallError */
export function mount({ source, target, type, flags, options }: MountCall): Promise<void> {
  return callAsync(mountFunction, 'mount', [source, target, type, flags, options])
}

/** umount2(2). @throws SystemCallError */
export function umount(target: string, flags: number): Promise<void> {
  return callAsync(umountFunction, 'umount2', [target, flags])
}

/** umount2(2) in this thread, for a process that is about to end. @returns whether it worked */
export function umountNow(target: string, flags: number): boolean {
  return umountFunction(target, flags) === 0
}

/**
 * Ends the process at once. `process.exit` waits for the threads of libuv's pool, and one that sleeps
 * in a call on storage that hangs never comes back.
 */
export function exitNow(code: number): void {
  exitFunction(code)
}

const F_DUPFD_CLOEXEC = 1030

/**
 * Another descriptor of the same open file, which programs started here don't get.
 * @throws SystemCallError
 */
export function duplicate(fd: number): number {
  const result: number = fcntlFunction(fd, F_DUPFD_CLOEXEC, 0)
  if (result < 0) throw new SystemCallError('fcntl', koffi.errno())
  return result
}

/** Two connected sockets. @throws SystemCallError */
export function socketpair(): readonly [number, number] {
  const pair = new Int32Array(2)
  const result: number = socketpairFunction(AF_UNIX, SOCK_STREAM, 0, pair)
  if (result !== 0) throw new SystemCallError('socketpair', koffi.errno())
  return [pair[0] ?? -1, pair[1] ?? -1]
}

const CMSG_HEADER_BYTES = 16
const SOL_SOCKET = 1
const SCM_RIGHTS = 1

/** `struct msghdr` with one vector of one byte, and room for one descriptor. */
function messageHeader(control: Buffer): { header: Buffer; keep: readonly Buffer[] } {
  const byte = Buffer.alloc(1)
  const vector = Buffer.alloc(16)
  vector.writeBigUInt64LE(koffi.address(byte), 0)
  vector.writeBigUInt64LE(1n, 8)
  const header = Buffer.alloc(56)
  header.writeBigUInt64LE(koffi.address(vector), 16)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(koffi.address(control), 32)
  header.writeBigUInt64LE(BigInt(control.length), 40)
  return { header, keep: [byte, vector] }
}

/**
 * Takes a descriptor that was sent over a socket, without waiting for it.
 * @throws SystemCallError EAGAIN if none has been sent
 */
export function receiveDescriptor(socket: number): number {
  const control = Buffer.alloc(CMSG_HEADER_BYTES + 8)
  const { header, keep } = messageHeader(control)
  const received = Number(recvmsgFunction(socket, header, MSG_DONTWAIT))
  const errno = koffi.errno()
  assert(keep.length === 2, 'memory that the call writes to outlives it')
  if (received < 0) throw new SystemCallError('recvmsg', errno)
  const isDescriptor =
    control.readUInt32LE(8) === SOL_SOCKET && control.readUInt32LE(12) === SCM_RIGHTS
  if (received > 0 && isDescriptor) return control.readInt32LE(CMSG_HEADER_BYTES)
  throw new SystemCallError('recvmsg', koffi.os.errno['EBADF'] ?? 0)
}
