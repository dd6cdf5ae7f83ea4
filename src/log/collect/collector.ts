// Collection: a zone most of which is dead is read, what lives in it is appended anew, and when that
// is durable the zone is wiped, punched and free. It runs beside the traffic, in turns: after each
// piece it rests, so that it has but a share of the time, which grows as free zones get fewer.
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

/** Above this share of dead bytes a zone is collected though others are free. */
const WORTH_SHARE = 0.6
/** Below this, collecting gives back too little to go on for ever. */
const LEAST_SHARE = 0.12
/** Collections one after another without a zone more that is free. */
const MOST_FRUITLESS = 16
/** Of the time, while zones are free. */
const USUAL_SHARE = 0.25
/** Of all zones: with fewer free ones, whatever is most dead is collected. */
const LOW_ZONES = 0.1
/** With so few, writers wait for zones, and nothing rests. */
const URGENT_ZONES = 3

export type CollectorInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly writer: Writer
  readonly syncer: Syncer
  readonly mover: Mover
  readonly clock: Clock
  readonly say: Say
  readonly newestVersion: () => number
}

export class Collector {
  readonly #init: CollectorInit
  #running: Promise<void> | undefined
  #isStopped = false
  #collected = 0
  readonly #stop = new AbortController()

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
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { zones } = this.#init
    let most = zones.freeZones
    let fruitless = 0
    for (let zone = this.#victim(); zone !== undefined; zone = this.#victim()) {
      // What is moved takes as much room as before: go on when something more has died.
      if (this.#isStopped || fruitless > MOST_FRUITLESS) return
      fruitless = zones.freeZones > most ? 0 : fruitless + 1
      most = Math.max(most, zones.freeZones)
      try {
        if (!(await this.#collect(zone))) return
      } catch (error) {
        if (this.#isStopped) return
        this.#init.say('warn', `zone ${zone.index} could not be collected`, { error })
        await this.#rest(1000)
        return
      }
    }
  }

  /** The sealed zone that gives back most, if it is worth it now. */
  #victim(): Zone | undefined {
    const { zones } = this.#init
    let best: Zone | undefined
    let bestShare = this.#isLow ? LEAST_SHARE : WORTH_SHARE
    for (const zone of zones.zones) {
      if (zone.state !== 'sealed' || (zone.isDamaged && zone.liveBytes > 0)) continue
      const share = zones.deadShare(zone)
      if (share <= bestShare) continue
      best = zone
      bestShare = share
    }
    return best
  }

  get #isLow(): boolean {
    const { zones } = this.#init
    return zones.freeZones < Math.max(URGENT_ZONES + 1, zones.layout.zones * LOW_ZONES)
  }

  get #isUrgent(): boolean {
    return this.#init.zones.freeZones <= URGENT_ZONES
  }

  /** False where it had to be given up for now. */
  async #collect(zone: Zone): Promise<boolean> {
    const { mover, writer, clock } = this.#init
    const entries = await mover.entriesOf(zone)
    for (let from = 0; from < entries.count;) {
      const began = clock.now()
      const moved = await mover.move(zone, entries, from)
      if (moved === 'full') return this.#giveUp()
      from = moved
      if (!writer.hasRoom) await writer.room()
      await this.#rest(clock.now() - began)
      if (this.#isStopped) return false
    }
    // A batch that could not be written may have brought a record back to life. What is dead before
    // the flush is dead by what the flush makes durable; only then can nothing bring it back.
    if (mover.hasLiving(entries)) return true
    await writer.flush()
    if (mover.hasLiving(entries)) return true
    await this.#free(zone)
    return true
  }

  async #giveUp(): Promise<false> {
    await sleep(this.#init.clock, 10)
    return false
  }

  async #free(zone: Zone): Promise<void> {
    const { file, zones, syncer, writer, newestVersion } = this.#init
    const start = zoneStart(zones.layout, zone.index)
    zone.state = 'leaving'
    // Whoever reads there now finds that the zone is in another life, and looks the key up again.
    zone.generation = 0
    const heights = { number: writer.number, version: newestVersion() }
    await file.write(start, freedHeader(zone.index, heights))
    // The footer too: where the next life's first write tears the header, it would be believed.
    const footer = start + zones.layout.zoneBytes - SECTOR_BYTES
    await file.write(footer, new Uint8Array(SECTOR_BYTES))
    await syncer.syncAll()
    await file.punch(start + SECTOR_BYTES, zones.layout.zoneBytes - SECTOR_BYTES)
    zones.release(zone)
    this.#collected += 1
  }

  /** Work that took so long is followed by a rest that leaves it its share of the time. */
  async #rest(workedMs: number): Promise<void> {
    if (this.#isUrgent) return
    const share = this.#isLow ? 2 * USUAL_SHARE : USUAL_SHARE
    const restMs = Math.min(1000, workedMs * (1 / share - 1))
    await sleep(this.#init.clock, restMs, { signal: this.#stop.signal }).catch(() => {})
  }
}
