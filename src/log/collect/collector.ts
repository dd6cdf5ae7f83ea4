// Collection: a zone most of which is dead is read, what lives in it is appended anew, and when that
// is durable the zone is wiped and free. It runs beside the traffic, in turns: after each piece it
// rests, so that it has but a share of the time; with few zones free, writers wait for it instead, a
// little at a time (see pace.ts). Zones are read by other threads (the port does), and what is left
// to this one, checking and copying, is 3 µs a record: less than another thread's answer would cost.
//
// It must never free a zone before everything that has taken the place of its records is durable,
// nor drop a deletion while a crash could bring back what was deleted.
import { PotluckError } from '../../base/errors.ts'
import type { Log as Say } from '../../base/log.ts'
import { sleep } from '../../base/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { freedHeader } from '../format/zone-marks.ts'
import type { Syncer } from '../write/syncer.ts'
import type { Writer } from '../write/writer.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import type { Mover } from './mover.ts'
import type { Pace } from './pace.ts'

/** Above this share of dead bytes a zone is collected though others are free. */
const WORTH_SHARE = 0.6
/** Below this, collecting gives back too little to go on for ever. */
const LEAST_SHARE = 0.12
/** Collections one after another without a zone more that is free. */
const MOST_FRUITLESS = 16
/** Of the time, while zones are free. */
const USUAL_SHARE = 0.25
/** With so few free zones nothing rests. */
const URGENT_ZONES = 3

export type CollectorInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly writer: Writer
  readonly syncer: Syncer
  readonly mover: Mover
  readonly pace: Pace
  readonly clock: Clock
  readonly say: Say
  readonly newestVersion: () => number
}

export class Collector {
  readonly #init: CollectorInit
  #running: Promise<void> | undefined
  #isStopped = false
  #collected = 0
  #resting: AbortController | undefined
  /** The zone that was emptied last, while it is made free. */
  #leaving: Zone | undefined
  #freeing: Promise<void> = Promise.resolve()

  constructor(init: CollectorInit) {
    this.#init = init
  }

  /** Zones freed since the log was opened. */
  get collected(): number {
    return this.#collected
  }

  /** A zone was sealed: who waits for a free one looks again, though none may have come free. */
  sealed(): void {
    this.look()
    if (this.#running === undefined) this.#init.zones.wake()
  }

  /** Something may be worth collecting now. */
  look(): void {
    if (this.#isStopped || this.#running !== undefined || this.#victim() === undefined) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#init.pace.end()
      this.#init.zones.wake()
    })
  }

  /**
   * Resolves when there may be a free zone.
   *
   * @throws PotluckError ENOSPC where there is nothing to free; CLOSED
   */
  async makeSpace(): Promise<void> {
    const { zones } = this.#init
    if (this.#isStopped) throw new PotluckError('CLOSED', 'the log is closed')
    const released = zones.released()
    this.look()
    const isOnItsWay = zones.zones.some(({ state }) => state === 'full' || state === 'leaving')
    if (this.#running === undefined && !isOnItsWay) {
      throw new PotluckError('ENOSPC', 'the log is full, and nothing in it can be freed')
    }
    await released
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#resting?.abort()
    this.#init.pace.end()
    await this.#running
    await this.#freeing
  }

  async #run(): Promise<void> {
    const { zones } = this.#init
    let most = zones.freeZones
    let fruitless = 0
    while (!this.#isStopped && fruitless <= MOST_FRUITLESS) {
      const zone = this.#victim()
      if (zone === undefined && this.#leaving === undefined) return
      // What is moved takes as much room as before: go on when something more has died.
      fruitless = zones.freeZones > most ? 0 : fruitless + 1
      most = Math.max(most, zones.freeZones)
      try {
        if (zone === undefined) await this.#freeing
        else if (!(await this.#collect(zone))) break
      } catch (error) {
        await this.#failed(zone, error)
        break
      }
    }
    await this.#freeing
  }

  async #failed(zone: Zone | undefined, error: unknown): Promise<void> {
    if (this.#isStopped) return
    this.#init.say('warn', `zone ${zone?.index} could not be collected`, { error })
    this.#init.pace.end()
    await this.#sleep(1000)
  }

  /** The sealed zone that gives back most, if it is worth it now. */
  #victim(): Zone | undefined {
    const { zones, pace } = this.#init
    let best: Zone | undefined
    let bestShare = pace.isLow ? LEAST_SHARE : WORTH_SHARE
    for (const zone of zones.zones) {
      if (zone.state !== 'sealed' || zone === this.#leaving) continue
      if (zone.isDamaged && zone.liveBytes > 0) continue
      const share = zones.deadShare(zone)
      if (share <= bestShare) continue
      best = zone
      bestShare = share
    }
    return best
  }

  get #isUrgent(): boolean {
    return this.#init.zones.freeZones <= URGENT_ZONES
  }

  /** False where it had to be given up for now. */
  async #collect(zone: Zone): Promise<boolean> {
    const { mover, writer, clock, pace, zones } = this.#init
    const entries = await mover.entriesOf(zone)
    pace.begin(zone, zones.usableBytes)
    for (let from = 0; from < entries.count;) {
      const began = clock.now()
      const moved = await mover.move(zone, entries, from)
      if (moved === 'full') return this.#giveUp()
      from = moved.next
      pace.moved(moved.bytes)
      if (!writer.hasRoom) await writer.room()
      await this.#rest(clock.now() - began)
      if (this.#isStopped) return false
    }
    // Nobody waits for the disk to sync: the next zone is read meanwhile.
    pace.end()
    await this.#freeing
    this.#leaving = zone
    this.#freeing = this.#free(zone)
      .catch((error: unknown) => this.#failed(zone, error))
      .finally(() => (this.#leaving = undefined))
    return true
  }

  async #giveUp(): Promise<false> {
    this.#init.pace.end()
    await this.#freeing
    await this.#sleep(10)
    return false
  }

  /**
   * A batch that could not be written may bring a record back to life. What is dead before the flush
   * is dead by what the flush makes durable; only then can nothing bring it back.
   */
  async #free(zone: Zone): Promise<void> {
    if (zone.liveBytes > 0) return
    await this.#init.writer.flush()
    if (zone.liveBytes > 0) return
    const { file, zones, syncer, pace } = this.#init
    await this.#wipe(zone)
    await syncer.syncAll()
    // Where zones are few, it is written to again at once: giving its space back is in vain.
    if (!pace.isLow) {
      const start = zoneStart(zones.layout, zone.index)
      await file.punch(start + SECTOR_BYTES, zones.layout.zoneBytes - SECTOR_BYTES)
    }
    zones.release(zone)
    this.#collected += 1
  }

  async #wipe(zone: Zone): Promise<void> {
    const { file, zones, writer, newestVersion } = this.#init
    const start = zoneStart(zones.layout, zone.index)
    zone.state = 'leaving'
    // Whoever reads there now finds that the zone is in another life, and looks the key up again.
    zone.generation = 0
    const heights = { number: writer.number, version: newestVersion() }
    // The first batch's head and the footer too: where the next life's first write tears the header,
    // they would be believed.
    const nothing = new Uint8Array(SECTOR_BYTES)
    await file.write(start, Buffer.concat([freedHeader(zone.index, heights), nothing]))
    await file.write(start + zones.layout.zoneBytes - SECTOR_BYTES, nothing)
  }

  /** Work that took so long is followed by a rest that leaves it its share of the time. */
  async #rest(workedMs: number): Promise<void> {
    const { pace } = this.#init
    if (this.#isUrgent || pace.isOwed) return
    const share = pace.isLow ? 2 * USUAL_SHARE : USUAL_SHARE
    pace.onOwed(() => this.#resting?.abort())
    await this.#sleep(Math.min(1000, workedMs * (1 / share - 1)))
    pace.onOwed(undefined)
  }

  /** Ends early where it is stopped, or something is owed. */
  async #sleep(ms: number): Promise<void> {
    if (this.#isStopped) return
    this.#resting = new AbortController()
    await sleep(this.#init.clock, ms, { signal: this.#resting.signal }).catch(() => {})
  }
}
