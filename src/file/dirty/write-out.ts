// Written bytes on their way to the source, through a file that is open there.
import type { Caller, Time } from '../../ports/changes.ts'
import type { Inode } from '../../ports/messages.ts'
import type { Change, Made } from '../../ports/writable-source.ts'
import { PotluckError } from '../../base/errors.ts'
import { MAX_WRITE_BYTES } from '../../wire/limits.ts'
import { type Extent, type Piece, piecesOf } from './ranges.ts'

/** For what is nobody's: opening what was open, and times. */
export const ROOT: Caller = { uid: 0, gid: 0, groups: [], umask: 0 }

export type MakeAs = (change: Change, caller: Caller) => Promise<Made>

export type WriteOut = {
  readonly inode: Inode
  /** The source's, open for writing. */
  readonly handle: number
  readonly extents: readonly Extent[]
  /** When the newest of them was written; the file's time of modification from now on. */
  readonly writtenMs: number
  /** Awaited before each write: throws where it may not be made. */
  readonly mayWrite?: () => Promise<void>
}

/** @returns what the last change left behind. @throws PotluckError what the source failed with */
export async function writeOut(make: MakeAs, out: WriteOut): Promise<Made> {
  const { inode, handle, extents, writtenMs } = out
  let made: Made = { news: [] }
  for (const piece of piecesOf(extents, MAX_WRITE_BYTES)) made = await writePiece(make, piece, out)
  const changes = { mtime: timeOf(writtenMs) }
  const on = { inode, path: '', handle }
  // Who may write need not be who may set times: then it is the time of this write.
  return make({ type: 'setattr', on, changes }, ROOT).catch(() => made)
}

async function writePiece(
  make: MakeAs,
  { from, bytes, writer }: Piece,
  { handle, mayWrite }: WriteOut,
): Promise<Made> {
  const caller = { ...ROOT, ...writer }
  for (let done = 0; ;) {
    await mayWrite?.()
    const of = { handle, from: from + done }
    const made = await make(
      { type: 'write', of, bytes: bytes.subarray(done), isAppend: false },
      caller,
    )
    done += made.count ?? 0
    if (done === bytes.length) return made
    if (made.count === 0) throw new PotluckError('ENOSPC', 'the source takes no more bytes')
  }
}

/** Milliseconds since 1970 as a time of a file. */
export function timeOf(ms: number): Exclude<Time, 'now'> {
  const seconds = Math.floor(ms / 1_000)
  return { seconds, nanos: Math.min(999_999_999, Math.round((ms - seconds * 1_000) * 1e6)) }
}
