// An inode as POSIX knows it.
import type { Attributes, FileType, Name } from '../../src/ports/messages.ts'
import type { Time } from '../../src/ports/changes.ts'
import { LockTable } from './lock-table.ts'
import { SparseBytes } from './sparse-bytes.ts'

export type Instant = { readonly seconds: number; readonly nanos: number }

export type InodeInit = {
  readonly number: number
  readonly type: FileType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly rdev?: number
  readonly target?: string
  readonly now: Instant
}

export class PosixInode {
  readonly number: number
  readonly type: FileType
  readonly rdev: number
  readonly target: string
  readonly content = new SparseBytes()
  readonly xattrs = new Map<Name, Uint8Array>()
  readonly entries = new Map<Name, PosixInode>()
  readonly locks = new LockTable()
  /** Of a directory: the one that it is in; itself for the root, undefined once removed. */
  parent: PosixInode | undefined
  mode: number
  uid: number
  gid: number
  nlink = 0
  atime: Instant
  mtime: Instant
  ctime: Instant
  /** Handles, and names that a kernel holds: who is unlinked lives on for them. */
  users = 0

  constructor({ number, type, mode, uid, gid, rdev = 0, target = '', now }: InodeInit) {
    this.number = number
    this.type = type
    this.mode = mode
    this.uid = uid
    this.gid = gid
    this.rdev = rdev
    this.target = target
    this.atime = now
    this.mtime = now
    this.ctime = now
  }

  get isDirectory(): boolean {
    return this.type === 'directory'
  }

  changed(now: Instant, what: { readonly content: boolean }): void {
    if (what.content) this.mtime = now
    this.ctime = now
  }

  attributes(): Attributes {
    const isSized = this.type === 'file'
    const size = isSized ? this.content.size : this.isDirectory ? 4096 : this.target.length
    return {
      inode: String(this.number),
      type: this.type,
      mode: this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      size,
      blocks: this.content.allocatedBytes / 512,
      atimeSeconds: this.atime.seconds,
      atimeNanos: this.atime.nanos,
      mtimeSeconds: this.mtime.seconds,
      mtimeNanos: this.mtime.nanos,
      ctimeSeconds: this.ctime.seconds,
      ctimeNanos: this.ctime.nanos,
    }
  }
}

export function instantOf(time: Time, now: Instant): Instant {
  return time === 'now' ? now : time
}
