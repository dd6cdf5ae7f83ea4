// What a mount is made of and what it offers, whichever driver makes it.
import type { Log } from '../src/base/log.ts'
import type { Volume } from '../src/volume/volume.ts'

export type MountDriver = 'kernel' | 'fuse-native'

export type MountInit = {
  readonly volume: Volume
  readonly mountPoint: string
  readonly log: Log
  /** Let other users in, as far as permissions do. @default true for root, false for others */
  readonly allowOther?: boolean
  /** Mount over a directory that is not empty. @default false */
  readonly nonempty?: boolean
  /** How far the kernel reads ahead in a file; a multiple of 4 KiB. @default 1 MiB */
  readonly readAheadBytes?: number
  /**
   * Let the kernel open and close files without asking: hot files then cost no request at all, and
   * a change is seen only by invalidation (or when attributes are asked for anew), no longer by
   * opening. For volumes that invalidate whatever changes; one that takes changes is told of every
   * open all the same. @default false
   */
  readonly zeroMessageOpens?: boolean
  /**
   * 'back' lets the kernel keep what is written for a while. It then knows sizes and times better
   * than the volume does, so that changes made elsewhere are seen late. @default through
   */
  readonly write?: 'through' | 'back'
  /** @default kernel */
  readonly driver?: MountDriver
}

/** Why a mount is over. */
export type CloseReason =
  /** `unmount` was called. */
  | 'unmounted'
  /** Somebody else unmounted it, or the kernel aborted the connection. */
  | 'gone'
  | 'aborted'
  | 'failed'

export interface Mount {
  /** Absolute, without symbolic links. */
  readonly mountPoint: string
  /** Resolves when nothing is left of it, though programs may still use it: they get ENOTCONN. */
  unmount(): Promise<void>
  readonly closed: Promise<CloseReason>
  /** Resolves when the kernel has forgotten all that it was told to. No request may wait for it. */
  whenForgotten(): Promise<void>
  /** Requests by kind, notifies and errors; names end in their unit. */
  counters(): Record<string, number>
}
