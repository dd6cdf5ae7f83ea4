// Requests that change something, or lock it: one structure of linux/fuse.h each, as values.
//
// What this room must never do: decide whether a change is allowed, or what it means. It says what
// the kernel said, with numbers that it can vouch for: a place in a file that a double can't
// hold is too large. The bytes of a write are not copied: they are good for as long as the message is kept.
import type { AttributeChanges, LockRange } from '../../../src/ports/changes.ts'

export type ChangeOperation =
  | {
      readonly type: 'setattr'
      readonly changes: AttributeChanges
      readonly handle?: number
      /** Set-user-id and set-group-id go, as the rules of chown(2) and write(2) have it. */
      readonly dropsPrivileges: boolean
    }
  | {
      readonly type: 'mknod'
      readonly name: string
      /** With the type bits. */
      readonly mode: number
      readonly rdev: number
      readonly umask: number
    }
  | {
      readonly type: 'mkdir'
      readonly name: string
      readonly mode: number
      readonly umask: number
    }
  | { readonly type: 'symlink'; readonly name: string; readonly target: string }
  | { readonly type: 'link'; readonly linked: number; readonly name: string }
  | { readonly type: 'unlink'; readonly name: string }
  | { readonly type: 'rmdir'; readonly name: string }
  | {
      readonly type: 'rename'
      readonly name: string
      readonly newParent: number
      readonly newName: string
      readonly flags: number
    }
  | {
      readonly type: 'create'
      readonly name: string
      readonly flags: number
      readonly mode: number
      readonly umask: number
      readonly dropsPrivileges: boolean
    }
  | {
      readonly type: 'tmpfile'
      readonly flags: number
      readonly mode: number
      readonly umask: number
    }
  | WriteOperation
  | { readonly type: 'flush'; readonly handle: number; readonly owner: bigint }
  | { readonly type: 'fsync'; readonly handle: number; readonly dataOnly: boolean }
  | { readonly type: 'fsyncdir'; readonly handle: number }
  | {
      readonly type: 'setxattr'
      readonly name: string
      readonly value: Uint8Array
      readonly flags: number
      /** Set-group-id goes with a new access control list. */
      readonly dropsGroup: boolean
    }
  | { readonly type: 'removexattr'; readonly name: string }
  | { readonly type: 'getlk'; readonly lock: LockRange }
  | {
      readonly type: 'setlk'
      readonly handle: number
      readonly lock: LockRange
      readonly wait: boolean
    }
  | {
      readonly type: 'fallocate'
      readonly handle: number
      readonly from: number
      readonly length: number
      readonly mode: number
    }
  | CopyOperation

export type WriteOperation = {
  readonly type: 'write'
  readonly handle: number
  readonly from: number
  /** Lie where they were read to, not copied. */
  readonly bytes: Uint8Array
  /** The file's open(2) flags now, as fcntl(2) may have changed them. */
  readonly flags: number
  /** Pages written back, on nobody's behalf, at their own place. */
  readonly isFromCache: boolean
  readonly dropsPrivileges: boolean
}

export type CopyOperation = {
  readonly type: 'copy'
  readonly handle: number
  readonly offset: number
  readonly toNodeid: number
  readonly toHandle: number
  readonly toOffset: number
  readonly length: number
  readonly flags: number
  /** Its reply counts in 64 bits. */
  readonly isLong: boolean
}
