// What the process that plays the slow storage is told, and what it answers.
import type { ErrnoCode } from '../../../src/base/errors.ts'
import type { StorageCall } from './pass-through.ts'

/** What happens to such calls on this path from now on, on every mount. */
export type StorageRule = {
  readonly call: StorageCall
  readonly path: string
  /** Reads from this offset on alone. @default 0 */
  readonly from?: number
  readonly fault: ErrnoCode | 'hang'
}

export type StorageCounts = {
  readonly calls: Readonly<Record<StorageCall, number>>
  readonly bytes: number
  /** Bytes read, by `path:number` of each MiB that anything was read of. */
  readonly blocks: ReadonlyMap<string, number>
  /** Calls that wait for `release`. */
  readonly hanging: number
}

export type StorageQuestion =
  | { readonly type: 'mount'; readonly root: string; readonly mountPoints: readonly string[] }
  | { readonly type: 'counts' }
  | { readonly type: 'rules'; readonly rules: readonly StorageRule[] }
  /** Lets all that hangs go on. */
  | { readonly type: 'release' }
  | { readonly type: 'unmount' }

export type StorageAnswer =
  | { readonly type: 'done' }
  | { readonly type: 'counts'; readonly counts: StorageCounts }
  | { readonly type: 'failed'; readonly message: string }
