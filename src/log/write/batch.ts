import { BATCH_HEAD_BYTES, type BatchHead, writeBatchHead } from '../format/batch.ts'
import { type Layout, roundUp, SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { writeUsedHeader } from '../format/zone-marks.ts'
import type { Zone } from '../zones/zone.ts'

/** A change of the index that is taken back if its batch can't be written. */
export type Undo = { readonly order: number; readonly revert: () => void }

export type BatchInit = {
  readonly layout: Layout
  readonly zone: Zone
  /** Holds the zone's header too where this is its first batch, and never less than one record. */
  readonly buffer: Buffer
}

/** Records on their way to one place in one zone, in memory in the form they will have on disk. */
export class Batch {
  readonly zone: Zone
  readonly buffer: Buffer
  /** Where `buffer` goes. */
  readonly at: number
  readonly entriesBefore: number
  readonly undos: Undo[] = []
  /** Somebody waits for it. */
  isUrgent = false
  records = 0
  /** Of the commits in it; Infinity where there are none. */
  firstVersion = Infinity
  readonly #layout: Layout
  readonly #from: number
  #used: number
  readonly #done = Promise.withResolvers<number>()

  constructor({ layout, zone, buffer }: BatchInit) {
    this.#layout = layout
    this.zone = zone
    this.buffer = buffer
    const isFirst = zone.used === SECTOR_BYTES
    this.at = zoneStart(layout, zone.index) + (isFirst ? 0 : zone.used)
    this.#from = isFirst ? SECTOR_BYTES : 0
    this.#used = this.#from + roundUp(BATCH_HEAD_BYTES, layout.grainBytes)
    this.entriesBefore = zone.entries?.count ?? 0
    this.#done.promise.catch(() => {})
  }

  /** Bytes of the zone that the batch takes so far, to the end of its last sector. */
  get bytes(): number {
    return roundUp(this.#used, SECTOR_BYTES) - this.#from
  }

  /** The sector that its head is in. */
  get headPlace(): number {
    return this.at + this.#from
  }

  get freeBytes(): number {
    return this.buffer.length - this.#used
  }

  /** Its number, once it is written. Rejects where it could not be. */
  get written(): Promise<number> {
    return this.#done.promise
  }

  /**
   * Room for a record of so many bytes, zeroed behind what the record itself fills. One that is not
   * `compact` begins in the next sector if it would otherwise touch more sectors than it must.
   */
  reserve(bytes: number, isCompact: boolean): { readonly place: number; readonly room: Buffer } {
    const offset = this.#used % SECTOR_BYTES
    const isSpread =
      Math.ceil((offset + bytes) / SECTOR_BYTES) > Math.ceil(bytes / SECTOR_BYTES) && !isCompact
    const from = isSpread ? roundUp(this.#used, SECTOR_BYTES) : this.#used
    if (from > this.#used) this.buffer.fill(0, this.#used, from)
    this.#used = from + bytes
    this.records += 1
    return { place: this.at + from, room: this.buffer.subarray(from, from + bytes) }
  }

  /** Bytes of the batch from a place on, as far as they are filled; undefined outside of it. */
  bytesFrom(place: number, most: number): Buffer | undefined {
    const from = place - this.at
    if (from < this.#from || from >= this.#used) return undefined
    return this.buffer.subarray(from, Math.min(this.#used, from + most))
  }

  /** Completes it. @returns what is to be written at `at` */
  finish(place: Pick<BatchHead, 'number' | 'durable' | 'version'>): Buffer {
    const end = this.#from + this.bytes
    this.buffer.fill(0, this.#used, end)
    const { index, generation } = this.zone
    if (this.#from > 0) writeUsedHeader(this.buffer, index, generation)
    const head = { ...place, generation, bytes: this.bytes, records: this.records }
    const headRoom = this.buffer.subarray(this.#from, this.#from + this.#headBytes)
    headRoom.fill(0)
    writeBatchHead(headRoom, head)
    return this.buffer.subarray(0, end)
  }

  get #headBytes(): number {
    return roundUp(BATCH_HEAD_BYTES, this.#layout.grainBytes)
  }

  succeed(number: number): void {
    this.#done.resolve(number)
  }

  fail(error: Error): void {
    this.#done.reject(error)
  }
}
