import { SimDisk } from '../../../sim/disk/sim-disk.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { layoutFor, ZONES_FROM } from '../../../src/log/format/layout.ts'
import { type Log, openLog } from '../../../src/log/log.ts'

export const ZONE_BYTES = 65_536

/** A log on a simulated disk, and its clock. */
export class SimulatedLog {
  readonly clock = new VirtualClock()
  readonly random = new SeededRandom('simulated log')
  readonly zones: number
  disk = new SimDisk({ clock: this.clock, random: this.random })
  readonly said: string[] = []

  constructor(zones = 16) {
    this.zones = zones
  }

  open(): Promise<Log> {
    return this.run(
      openLog({
        disk: this.disk,
        clock: this.clock,
        random: this.random,
        say: (_level, message) => this.said.push(message),
        name: 'log',
        layout: layoutFor(ZONES_FROM + this.zones * ZONE_BYTES, ZONE_BYTES),
      }),
    )
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.runUntil(work, { withinMs: 10_000_000 })
  }
}
