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
  /** Flags of which the record that is there must have none: who sets it looks first what it is. */
  readonly spares?: number
  /** It ends what room was found for: made though the log is full, for it leaves less than it takes. */
  readonly isOwed?: true
}

export type Outcome =
  | { readonly isDone: true; readonly version: number }
  /** Nothing was changed: the first change whose `expected` was not what is there. */
  | { readonly isDone: false; readonly change: number; readonly version: number; readonly why: Why }

/** `spared`: the version was as expected, but the record has a flag that `spares` names. */
export type Why = 'version' | 'spared'

export const NO_BYTES: Uint8Array = new Uint8Array(0)

/** In a record's flags: others go with it. Flags below 16 are of whoever stores the record. */
export const OWNS = 16
/** Goes with the record that owns it, at the latest when the log is opened. */
export const OWNED = 32
