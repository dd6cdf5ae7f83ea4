import { constants } from 'node:fs'
import type { BigIntStats, Dirent } from 'node:fs'
import type { Attributes, FileType, Inode, Path } from '../../src/ports/messages.ts'
import type { SourceName } from '../../src/ports/source.ts'

const TYPES: ReadonlyMap<number, FileType> = new Map([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'directory'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFIFO, 'fifo'],
  [constants.S_IFSOCK, 'socket'],
  [constants.S_IFBLK, 'block'],
  [constants.S_IFCHR, 'character'],
])

const SECOND = 1_000_000_000n

/** A listed name as a byte string, and what the listing says that it is. */
export function nameAndTypeOf(entry: Dirent<Buffer>): SourceName {
  return { name: entry.name.toString('latin1'), type: typeOf(entry) }
}

function typeOf(entry: Dirent<Buffer>): FileType {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isFIFO()) return 'fifo'
  if (entry.isSocket()) return 'socket'
  return entry.isBlockDevice() ? 'block' : 'character'
}

/** Our attributes out of the system's. `mountPoint` as in `inodeOf`. */
export function attributesOf(stats: BigIntStats, mountPoint: Path): Attributes {
  const mode = Number(stats.mode)
  const [atimeSeconds, atimeNanos] = splitTime(stats.atimeNs)
  const [mtimeSeconds, mtimeNanos] = splitTime(stats.mtimeNs)
  const [ctimeSeconds, ctimeNanos] = splitTime(stats.ctimeNs)
  return {
    inode: inodeOf(stats.ino, mountPoint),
    type: TYPES.get(mode & constants.S_IFMT) ?? 'file',
    mode: mode & 0o7777,
    nlink: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    rdev: Number(stats.rdev),
    size: Number(stats.size),
    blocks: Number(stats.blocks),
    atimeSeconds,
    atimeNanos,
    mtimeSeconds,
    mtimeNanos,
    ctimeSeconds,
    ctimeNanos,
  }
}

/**
 * An inode's name, the same on every node: st_dev is not, so what lies on another device than the
 * root is told apart by where that device is mounted ('' for the root's own).
 */
function inodeOf(number: bigint, mountPoint: Path): Inode {
  return mountPoint === '' ? `${number}` : `${number}@${mountPoint}`
}

/** Seconds and nanoseconds, the latter never negative, before 1970 too. */
function splitTime(nanos: bigint): [number, number] {
  const rest = nanos % SECOND
  const below = rest < 0n ? rest + SECOND : rest
  return [Number((nanos - below) / SECOND), Number(below)]
}
