import type { Entries } from '../format/entries.ts'

/**
 * `open`: being written to. `full`: written, not yet known to be durable. `sealed`: durable, with its
 * summary where that could be written. `leaving`: emptied, but a crash could still find it.
 * `borrowed`: free but for who prepares it.
 */
export type ZoneState = 'free' | 'open' | 'full' | 'sealed' | 'leaving' | 'borrowed'

/** One zone as the log keeps it in memory. */
export type Zone = {
  readonly index: number
  state: ZoneState
  /** Which life of the zone this is; 0 while it is free. */
  generation: number
  /** Bytes from its start: where the next batch begins. */
  used: number
  /** Of its records, until they are on disk in the summary. */
  entries: Entries | undefined
  /** Bytes of records that the index leads to, and of deletions. */
  liveBytes: number
  deletionBytes: number
  /** The newest deletion in it, by version. */
  newestDeletion: number
  /**
   * The earliest death of a record in it: the version that took its place, or, where that is not
   * known, its own, which is earlier.
   */
  oldestDeath: number
  /** A record was found in it that can't be moved. */
  isDamaged: boolean
  /** A deletion that was moved out of it could not be written there. */
  keepsDeletion: boolean
  /** Its former life was not punched: the disk has given it its space. */
  isBacked: boolean
}

export function freeZone(index: number): Zone {
  return {
    index,
    state: 'free',
    generation: 0,
    used: 0,
    entries: undefined,
    liveBytes: 0,
    deletionBytes: 0,
    newestDeletion: 0,
    oldestDeath: Infinity,
    isDamaged: false,
    keepsDeletion: false,
    isBacked: false,
  }
}
