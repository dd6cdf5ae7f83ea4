// Group commit. Whoever appends goes into the batch being filled; one batch is written at a time,
// and while it is, the next one fills. There are two lanes, each with a zone of its own: what is
// written now, and what collection moves, which has shown that it stays.
//
// A record's place is fixed when it is appended, so the index may lead to it at once; until it is
// written it is read out of its batch. If a batch can't be written, it and all that came after it
// are taken back: what waits fails, and the index is as it was.
// It must never write two batches at once, nor in another order than their numbers.
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { Log as Say } from '../../base/log.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DiskFile } from '../../ports/disk.ts'
import type { LogHeld } from '../counters.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import { abandon } from './abandon.ts'
import type { Batch } from './batch.ts'
import { Buffers } from './buffers.ts'
import { Lane, type NewRecord, type Stream } from './lane.ts'
import type { Syncer } from './syncer.ts'

/** What is acknowledged before it is written waits at most this long for company. */
const GATHER_MS = 2
const GATHER_BYTES = 256 * 1024
/** Bytes that may wait to be written before appending has to wait. */
const MOST_PENDING_BYTES = 8 * 1024 * 1024

export type WriterInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly syncer: Syncer
  readonly clock: Clock
  readonly say: Say
  /** The number of the last batch there was. */
  readonly number: number
  readonly newestVersion: () => number
  /** A zone was taken for commits. */
  readonly onTaken: () => void
  /** A zone is full, and what was to go there is written or taken back. */
  readonly onFull: (zone: Zone) => void
}

export class Writer {
  /** Since the log was opened, padding and heads included, summaries not. */
  writtenBytes = 0
  /** How often what could not be written was taken back. */
  takenBack = 0
  readonly #init: WriterInit
  readonly #lanes: Record<Stream, Lane>
  /** Closed, in the order they will be written; the first may be under way. */
  readonly #closed: Batch[] = []
  readonly #buffers = new Buffers()
  #number: number
  #isWriting = false
  #isGathering = false
  #roomWaiters: (() => void)[] = []
  #order = 0

  constructor(init: WriterInit) {
    this.#init = init
    this.#number = init.number
    this.#lanes = { new: this.#newLane(false), moved: this.#newLane(true) }
  }

  /** The last batch that was written. */
  get number(): number {
    return this.#number
  }

  get pendingBytes(): number {
    return [...this.#pending()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** What it has in memory, and who waits for `room`. */
  held(): Pick<LogHeld, 'pendingBytes' | 'idleBytes' | 'waiting'> {
    const { idleBytes } = this.#buffers
    return { pendingBytes: this.pendingBytes, idleBytes, waiting: this.#roomWaiters.length }
  }

  get hasRoom(): boolean {
    return this.#closed.length === 0 || this.pendingBytes < MOST_PENDING_BYTES
  }

  /** Resolves when less waits to be written. */
  async room(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
  }

  /**
   * Appends records that become visible together. @returns their places, and the batch to wait for;
   * undefined where no zone is free for them. @throws PotluckError EIO once a sync has failed
   */
  append(
    stream: Stream,
    records: readonly NewRecord[],
  ): { readonly grains: number[]; readonly batch: Batch } | undefined {
    const { failure } = this.#init.syncer
    if (failure !== undefined) throw failure
    const appended = this.#lanes[stream].append(records)
    if (appended === undefined) return undefined
    const version = stream === 'new' ? records[0]?.head.version : undefined
    appended.batch.firstVersion = Math.min(appended.batch.firstVersion, version ?? Infinity)
    this.#start(appended.batch)
    return appended
  }

  /** What to do to the index if this batch can't be written. */
  onFailure(batch: Batch, revert: () => void): void {
    this.#order += 1
    batch.undos.push({ order: this.#order, revert })
  }

  /** Bytes at a place that are not yet written; undefined where they are, or never were. */
  pendingAt(place: number, most: number): Buffer | undefined {
    for (const batch of this.#pending()) {
      const bytes = batch.bytesFrom(place, most)
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  /** Somebody waits for this batch: it is not to wait for company. */
  hurry(batch: Batch): void {
    batch.isUrgent = true
    if (!this.#isWriting) queueMicrotask(() => this.#write())
  }

  /** Resolves when all that has been appended is durable. @throws PotluckError */
  async flush(): Promise<void> {
    for (const lane of Object.values(this.#lanes)) lane.close()
    const last = this.#closed.at(-1)?.written
    this.#write()
    await this.#init.syncer.reach((await last) ?? this.#number)
  }

  /** Gives up the zones being filled, so that they are sealed: for a clean end. */
  async retire(): Promise<void> {
    await this.flush()
    for (const lane of Object.values(this.#lanes)) lane.leave()
  }

  #newLane(isForCollection: boolean): Lane {
    return new Lane({
      zones: this.#init.zones,
      buffers: this.#buffers,
      isForCollection,
      onTaken: isForCollection ? () => {} : this.#init.onTaken,
      onClosed: (batch) => this.#closed.push(batch),
      onLeft: (zone) => {
        const last = this.#closed.findLast((batch) => batch.zone === zone)
        const tell = (): void => this.#init.onFull(zone)
        void Promise.resolve(last?.written).then(tell, tell)
      },
    })
  }

  *#pending(): Generator<Batch> {
    yield* this.#closed
    if (this.#lanes.new.batch !== undefined) yield this.#lanes.new.batch
    if (this.#lanes.moved.batch !== undefined) yield this.#lanes.moved.batch
  }

  #start(batch: Batch): void {
    if (this.#isWriting) return
    if (batch.bytes >= GATHER_BYTES || this.#closed.length > 0) return this.hurry(batch)
    if (this.#isGathering) return
    this.#isGathering = true
    this.#init.clock.after(GATHER_MS, () => {
      this.#isGathering = false
      for (const lane of Object.values(this.#lanes)) lane.hurry()
      this.#write()
    })
  }

  #write(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    void this.#writeAll().finally(() => {
      this.#isWriting = false
      for (const { batch } of Object.values(this.#lanes))
        if (batch !== undefined) this.#start(batch)
    })
  }

  async #writeAll(): Promise<void> {
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      const failure = this.#init.syncer.failure ?? (await this.#writeOne(batch))
      if (failure !== undefined) await this.#takeBack(failure)
      this.#roomWaiters.splice(0).forEach((wake) => wake())
    }
  }

  /** @returns why it could not be written */
  async #writeOne(batch: Batch): Promise<unknown> {
    const number = this.#number + 1
    const { syncer, newestVersion, file } = this.#init
    const bytes = batch.finish({ number, durable: syncer.durable, version: newestVersion() })
    try {
      await file.write(batch.at, bytes)
    } catch (error) {
      return error
    }
    this.#settle(batch, number, bytes.length)
    return undefined
  }

  #next(): Batch | undefined {
    for (const lane of Object.values(this.#lanes)) {
      if (this.#closed.length > 0) break
      const { batch } = lane
      if (batch?.isUrgent === true || (batch?.bytes ?? 0) >= GATHER_BYTES) lane.close()
    }
    return this.#closed[0]
  }

  #settle(batch: Batch, number: number, bytes: number): void {
    this.#closed.shift()
    this.#number = number
    this.writtenBytes += bytes
    this.#init.syncer.wrote(number)
    this.#buffers.give(batch.buffer)
    batch.succeed(number)
  }

  /** Undoes all that is pending. On a full disk the same place is tried again, else another zone. */
  async #takeBack(cause: unknown): Promise<void> {
    const code = codeOf(cause)
    const lanes = Object.values(this.#lanes)
    for (const lane of lanes) lane.close()
    const failed = this.#closed.splice(0)
    const undos = failed.flatMap((batch) => batch.undos).toSorted((a, b) => b.order - a.order)
    for (const { revert } of undos) revert()
    this.takenBack += 1
    const error = new PotluckError(code, `the log could not be written (${code})`, { cause })
    const firstVersion = Math.min(...failed.map((batch) => batch.firstVersion))
    this.#init.say('error', error.message, { takenBackFromVersion: firstVersion })
    for (const batch of failed) {
      batch.zone.entries?.truncate(batch.entriesBefore)
      for (const lane of lanes) lane.rewind(batch)
      this.#buffers.give(batch.buffer)
      batch.fail(error)
    }
    if (code !== 'ENOSPC') for (const lane of lanes) lane.leave()
    const [first] = failed
    if (first === undefined || this.#init.syncer.failure !== undefined) return
    this.#number += 1
    await abandon(first, this.#number, this.#init)
  }
}
