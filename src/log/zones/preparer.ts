import type { Log as Say } from '../../base/log.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import type { Pace } from '../collect/pace.ts'
import type { Syncer } from '../write/syncer.ts'
import type { Zone } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** Zones are prepared while a sync makes less than this durable, on average. */
const SMALL_SYNC_BYTES = 64 * 1024
/** Written and synced in one go: a commit may have to wait for it. */
const PIECE_BYTES = 256 * 1024
const ZEROS = new Uint8Array(PIECE_BYTES)

export type PreparerInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly syncer: Syncer
  readonly pace: Pace
  readonly say: Say
}

/**
 * Fills the next zone with zeros where small commits are synced one by one. A sync of what was
 * written to a hole has to wait for the file system's journal as well, a third of its time; a zone
 * that was written to before, as most have been once the log has been filled, needs that no more.
 *
 * It must never write to a zone that somebody else may take, nor over the two ends of one, which say
 * what became of its former life.
 */
export class Preparer {
  readonly #init: PreparerInit
  #syncs = 0
  #running: Promise<void> | undefined
  #isOver = false
  #writtenBytes = 0

  constructor(init: PreparerInit) {
    this.#init = init
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** A zone was taken to write commits to: before long the next one will be. */
  taken(): void {
    const { syncer, zones, pace } = this.#init
    const syncs = syncer.syncs - this.#syncs
    this.#syncs = syncer.syncs
    const isWorth = syncs * SMALL_SYNC_BYTES > zones.layout.zoneBytes && !pace.isLow
    if (!isWorth || this.#isOver || this.#running !== undefined) return
    const zone = zones.borrow()
    if (zone === undefined) return
    this.#running = this.#prepare(zone).finally(() => (this.#running = undefined))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #prepare(zone: Zone): Promise<void> {
    const { file, zones, syncer, say } = this.#init
    const start = zoneStart(zones.layout, zone.index)
    const end = start + zones.layout.zoneBytes - SECTOR_BYTES
    let at = start + SECTOR_BYTES
    try {
      for (; at < end && !this.#isOver; at += PIECE_BYTES) {
        const piece = ZEROS.subarray(0, Math.min(PIECE_BYTES, end - at))
        await file.write(at, piece)
        this.#writtenBytes += piece.length
        await syncer.syncAll()
      }
    } catch (error) {
      // It is as good as before. What is wrong with the disk will be told to who writes to it.
      this.#isOver = true
      say('debug', `zone ${zone.index} could not be prepared`, { error })
    }
    zones.giveBack(zone, { isBacked: at >= end })
  }
}
