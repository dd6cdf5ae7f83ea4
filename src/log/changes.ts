import type { LogKey } from './log-key.ts'

/** When a change is acknowledged: in memory, in the kernel's hands, or outliving the machine. */
export type Durability = 'memory' | 'disk' | 'sync'

/** The record that a key is to have; flags are those below 64. */
export type NewValue = {
  readonly payload: Uint8Array
  readonly flags?: number
  readonly next?: Uint8Array
  readonly owner?: number
}

/** One of the changes that become visible together. */
export type Change = {
  readonly key: LogKey
  /** Undefined deletes. */
  readonly value?: NewValue | undefined
  /** The version that must be there: 0 for none, undefined for any. */
  readonly expected?: number | undefined
}

export type Outcome =
  | { readonly isDone: true; readonly version: number }
  /** Nothing was changed: the first change whose `expected` was not what is there. */
  | { readonly isDone: false; readonly change: number; readonly version: number }

export const NO_BYTES: Uint8Array = new Uint8Array(0)

/** A deletion, in a record's flags; those below 64 are of whoever stores it. */
export const OWNS = 16
/** Goes with the record that owns it, at the latest when the log is opened. */
export const OWNED = 32
