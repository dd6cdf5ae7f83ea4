// Byte-range locks and flock(2)'s, which the kernel asks for in one structure.
import type { LockKind, LockRange } from '../../../src/ports/changes.ts'
import { type Body, type Message, readU64 } from '../message.ts'
import type { Operation } from '../operations.ts'
import type { Writer } from '../writer.ts'

const LK_FLOCK = 1

/** fcntl(2)'s F_RDLCK, F_WRLCK and F_UNLCK, in this order on every architecture that matters. */
const KINDS: readonly LockKind[] = ['read', 'write', 'none']

/** OFFSET_MAX: to the end of the file, however long it gets. */
const TO_THE_END = 2n ** 63n - 1n

/** `struct fuse_lk_in`; undefined where the lock is of no kind, or of no range. */
function readLock({ view }: Message, { start }: Body): LockRange | undefined {
  const kind = KINDS[view.getUint32(start + 32, true)]
  const from = readU64(view, start + 16)
  const end = readU64(view, start + 24)
  if (kind === undefined || !Number.isSafeInteger(from) || end < from) return undefined
  return {
    kind,
    from,
    to: Number.isSafeInteger(end) ? end : Number.POSITIVE_INFINITY,
    owner: view.getBigUint64(start + 8, true),
    pid: view.getUint32(start + 36, true),
    isFlock: (view.getUint32(start + 40, true) & LK_FLOCK) !== 0,
  }
}

export function decodeGetlk(message: Message, body: Body): Operation | undefined {
  const lock = readLock(message, body)
  return lock && { type: 'getlk', lock }
}

export function decodeSetlk(wait: boolean) {
  return (message: Message, body: Body): Operation | undefined => {
    const lock = readLock(message, body)
    return lock && { type: 'setlk', handle: readU64(message.view, body.start), lock, wait }
  }
}

export const LOCK_OUT_BYTES = 24

/** `struct fuse_lk_out`: the lock in the way; one of kind 'none' says that there is none. */
export function writeLock(out: Writer, at: number, lock: LockRange): void {
  out.u64(at, lock.from)
  if (Number.isSafeInteger(lock.to)) out.u64(at + 8, lock.to)
  else out.bigU64(at + 8, TO_THE_END)
  out.u32(at + 16, KINDS.indexOf(lock.kind))
  out.u32(at + 20, lock.pid)
}
