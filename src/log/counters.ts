export type LogCounters = {
  readonly records: number
  readonly liveBytes: number
  readonly capacityBytes: number
  readonly indexBytes: number
  readonly freeZones: number
  readonly zones: number
  readonly zonesCollected: number
  /** Since the open: batches and summaries, what collection moved included, and zones prepared. */
  readonly writtenBytes: number
  readonly syncs: number
}

/** What a log has in memory beside its index, and who waits in it: all of it is bounded. */
export type LogHeld = {
  /** Appended, and not written yet. */
  readonly pendingBytes: number
  /** Buffers that are kept to be used again. */
  readonly idleBytes: number
  /** Of zones whose summary is not on disk yet. */
  readonly entryBytes: number
  /** Commits that wait for room, for a turn or for a free zone. */
  readonly waiting: number
}
