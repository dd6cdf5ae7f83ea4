import type { Log as Say } from '../../base/log.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { SECTOR_BYTES, zoneStart } from '../format/layout.ts'
import { endedFooter, freedHeader } from '../format/zone-marks.ts'
import type { Syncer } from '../write/syncer.ts'
import type { Writer } from '../write/writer.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import type { Pace } from './pace.ts'

export type FreerInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly writer: Writer
  readonly syncer: Syncer
  readonly pace: Pace
  readonly say: Say
  readonly newestVersion: () => number
}

/** Makes emptied zones free, behind the collection: however many there are, two syncs serve them all. */
export class Freer {
  readonly #init: FreerInit
  readonly #emptied = new Set<Zone>()
  #running: Promise<void> | undefined
  #freed = 0

  constructor(init: FreerInit) {
    this.#init = init
  }

  /** Zones freed since the log was opened. */
  get freed(): number {
    return this.#freed
  }

  /** The zone is on its way. */
  has(zone: Zone): boolean {
    return this.#emptied.has(zone)
  }

  get isIdle(): boolean {
    return this.#running === undefined
  }

  free(zone: Zone): void {
    this.#emptied.add(zone)
    this.#running ??= this.#run()
  }

  /** Resolves when no zone is on its way. */
  async finished(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#emptied.size > 0) {
      const zones = [...this.#emptied]
      try {
        await this.#freeAll(zones)
      } catch (error) {
        const indices = zones.map(({ index }) => index)
        this.#init.say('warn', 'emptied zones could not be freed', { zones: indices, error })
      }
      for (const zone of zones) this.#emptied.delete(zone)
    }
    this.#running = undefined
  }

  /**
   * A batch that could not be written may bring a record back to life, or a deletion. What is dead
   * before the flush is dead by what the flush makes durable; only then can nothing bring it back.
   */
  async #freeAll(emptied: readonly Zone[]): Promise<void> {
    const { writer, syncer, zones, pace } = this.#init
    const dead = emptied.filter(isDead)
    if (dead.length === 0) return
    await writer.flush()
    const wiped: Zone[] = []
    const unmarked: Zone[] = []
    for (const zone of dead.filter(isDead)) {
      const isMarked = await this.#wipe(zone)
      if (isMarked !== undefined) wiped.push(zone)
      if (isMarked === false) unmarked.push(zone)
    }
    await syncer.syncAll()
    for (const zone of unmarked) await this.#punch(zone, 0)
    if (unmarked.length > 0) await syncer.syncAll()
    for (const zone of wiped) {
      // Where zones are few, it is written to again at once: giving its space back is in vain.
      const isKept = pace.isLow || zones.wantsBacked
      const isBacked = isKept && !unmarked.includes(zone)
      if (!isKept && !unmarked.includes(zone)) await this.#punch(zone, SECTOR_BYTES)
      zones.release(zone, { isBacked })
      this.#freed += 1
    }
  }

  /** Undefined where that failed, false where the mark at the zone's end could not be written. */
  async #wipe(zone: Zone): Promise<boolean | undefined> {
    const { file, zones, say } = this.#init
    const { generation } = zone
    const start = zoneStart(zones.layout, zone.index)
    zone.state = 'leaving'
    // Whoever reads there now finds that the zone is in another life, and looks the key up again.
    zone.generation = 0
    try {
      await file.write(start, this.#freedHeader(zone))
    } catch (error) {
      Object.assign(zone, { state: 'sealed', generation })
      say('warn', `zone ${zone.index} could not be freed`, { error })
      return undefined
    }
    // Where the next life's first write tears the header, what this life left would be believed.
    const mark = file.write(start + zones.layout.zoneBytes - SECTOR_BYTES, endedFooter(generation))
    return mark.then(
      () => true,
      () => false,
    )
  }

  #freedHeader({ index }: Zone): Buffer {
    const { writer, syncer, newestVersion } = this.#init
    const { durable } = syncer
    return freedHeader(index, { durable, number: writer.number, version: newestVersion() })
  }

  /** All behind the header but so much at the end: the mark there, unless it could not be written. */
  async #punch(zone: Zone, kept: number): Promise<void> {
    const { file, zones } = this.#init
    const start = zoneStart(zones.layout, zone.index)
    await file.punch(start + SECTOR_BYTES, zones.layout.zoneBytes - SECTOR_BYTES - kept)
  }
}

function isDead({ liveBytes, keepsDeletion }: Zone): boolean {
  return liveBytes === 0 && !keepsDeletion
}
