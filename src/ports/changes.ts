// What a volume can be asked to change, as plain data: it comes from the kernel, may cross the
// network to a peer that has the source, and is done there as the caller would have done it.
import type { FileType, Name } from './messages.ts'

/** On whose behalf something is changed, as the source must see it. */
export type Caller = {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups. */
  readonly groups: readonly number[]
  /** The bits that are taken from the mode of what is created, where no default ACL rules. */
  readonly umask: number
}

/** `now` is the source's own time. */
export type Time = 'now' | { readonly seconds: number; readonly nanos: number }

export type AttributeChanges = {
  /** Permission bits, setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Bytes; what is beyond is cut off, what is missing reads as zeros. */
  readonly size?: number
  readonly atime?: Time
  readonly mtime?: Time
}

/** What can be made with mknod. */
export type Node = {
  readonly type: Exclude<FileType, 'directory' | 'symlink'>
  readonly mode: number
  /** As mknod(2) has it; 0 unless it is a device. */
  readonly rdev: number
}

/** How an existing file is opened; what reading alone needs is not in it. */
export type OpenMode = {
  readonly access: 'read' | 'write' | 'both'
  /** Opened with O_APPEND. Which writes go to the end, each write says. */
  readonly append: boolean
  readonly truncate: boolean
  /** No page of it is cached by the kernel, as O_DIRECT asks. */
  readonly direct: boolean
}

export type RenameMode = 'replace' | 'no-replace' | 'exchange'

export type XattrMode = 'set' | 'create' | 'replace'

/** fallocate(2)'s ways of changing what a range of a file has allocated. */
export type Allocation = 'extend' | 'keep-size' | 'punch-hole' | 'zero' | 'zero-keep-size'

export type LockKind = 'read' | 'write' | 'none'

/** A byte range of an inode on behalf of one owner; `to` is included, Infinity for the end. */
export type LockRange = {
  readonly kind: LockKind
  readonly from: number
  readonly to: number
  /** The kernel's number for a struct files or an open file; unique within one mount. */
  readonly owner: bigint
  readonly pid: number
  /** flock(2)'s locks and fcntl(2)'s do not see each other. */
  readonly isFlock: boolean
}

export type NewName = { readonly parent: number; readonly name: Name }
