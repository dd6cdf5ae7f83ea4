import type { Log as Say } from '../../base/log.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { writeSummary } from '../format/summary.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import type { Syncer } from './syncer.ts'

export type SealerInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly syncer: Syncer
  readonly say: Say
  readonly newestVersion: () => number
  readonly onSealed: () => void
}

/** Writes the summaries of full zones, behind the traffic. */
export class Sealer {
  readonly #init: SealerInit
  #work: Promise<void> = Promise.resolve()
  #writtenBytes = 0

  constructor(init: SealerInit) {
    this.#init = init
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** All that was written to the zone is written; `number` of the last batch is known to the syncer. */
  seal(zone: Zone, number: number): void {
    this.#work = this.#work.then(() => this.#seal(zone, number))
  }

  /** Resolves when what was to be sealed is. */
  finished(): Promise<void> {
    return this.#work
  }

  async #seal(zone: Zone, number: number): Promise<void> {
    const { syncer, say } = this.#init
    try {
      await syncer.reach(number)
      await this.#writeSummary(zone)
    } catch (error) {
      // Its batches are read through at the next start instead; till then memory has the entries.
      say('warn', `the summary of zone ${zone.index} could not be written`, { error })
    }
    zone.state = 'sealed'
    this.#init.onSealed()
  }

  async #writeSummary(zone: Zone): Promise<void> {
    const { file, zones, syncer, newestVersion } = this.#init
    if (zone.entries === undefined) return
    const { durable } = syncer
    const heights = { durable, number: durable, version: newestVersion() }
    this.#writtenBytes += await writeSummary(file, zones.layout, {
      zone,
      entries: zone.entries,
      heights,
    })
    zone.entries = undefined
  }
}
