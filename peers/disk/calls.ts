// A real disk under the log: files in one directory, on any file system of Linux. The system calls
// that Node lacks come from the C library, as in the other rooms that need some: preadv2 (read only
// what the page cache holds), fallocate (punch a hole) and flock (one process a file).
//
// What this room must never do: answer a write before the kernel has it, or a sync before the device
// has; nor believe a device again whose sync failed (the kernel forgets the pages that it lost).
import koffi from 'koffi'
import { isErrorCode, PotluckError } from '../../src/base/errors.ts'

const RWF_NOWAIT = 8
const FALLOC_FL_KEEP_SIZE = 1
const FALLOC_FL_PUNCH_HOLE = 2
const LOCK_EX_NB = 2 | 4

const library = koffi.load(null)
const preadv2 = library.func('preadv2', 'long', ['int', 'void *', 'int', 'long', 'int'])
const fallocate = library.func('fallocate', 'int', ['int', 'int', 'long', 'long'])
const flock = library.func('flock', 'int', ['int', 'int'])

/** The most that is read in the calling thread: 40 µs of copying. Longer reads wait for the pool. */
const MOST_BYTES = 256 * 1024

/** Reads out of the page cache without a thread hop: 1 to 2 µs where the pool costs 20 and more. */
export class CachedReader {
  readonly #vector = Buffer.alloc(16)

  /** True where all of `into` was filled from the page cache. */
  read(descriptor: number, at: number, into: Uint8Array): boolean {
    if (into.length > MOST_BYTES) return false
    this.#vector.writeBigUInt64LE(koffi.address(into), 0)
    this.#vector.writeUInt32LE(into.length, 8)
    return Number(preadv2(descriptor, this.#vector, 1, at, RWF_NOWAIT)) === into.length
  }
}

/** Gives the space of a range back. False where the file system can't. @throws PotluckError */
export function punchHole(descriptor: number, at: number, length: number): Promise<boolean> {
  const mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
  return new Promise((resolve, reject) => {
    fallocate.async(descriptor, mode, at, length, (error: Error | null, result: number) => {
      if (error !== null) return reject(error)
      if (result === 0) return resolve(true)
      const code = errnoName(koffi.errno())
      if (code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'ENOSYS') return resolve(false)
      reject(new PotluckError('EIO', `the disk failed to punch a hole (${code})`))
    })
  })
}

/** Takes the file for this process, until it is closed or the process ends. */
export function lockFile(descriptor: number): boolean {
  return flock(descriptor, LOCK_EX_NB) === 0
}

function errnoName(errno: number): string {
  const found = Object.entries(koffi.os.errno).find(([, number]) => number === errno)
  return found?.[0] ?? `errno ${errno}`
}

/** A failed call of `node:fs` in the house's words. */
export function diskFailure(what: string, cause: unknown): PotluckError {
  const code = (cause as { code?: unknown } | null)?.code
  const known = isErrorCode(code) ? code : 'EIO'
  return new PotluckError(known, `${what} failed (${String(code ?? cause)})`, { cause })
}
