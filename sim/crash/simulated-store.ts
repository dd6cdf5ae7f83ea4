import { SimDisk } from '../disk/sim-disk.ts'
import { Life } from '../engine/life.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { VirtualClock } from '../engine/virtual-clock.ts'
import { sleep } from '../../src/base/time.ts'
import { type Layout, layoutFor, ZONES_FROM } from '../../src/log/format/layout.ts'
import { openLog } from '../../src/log/log.ts'
import { LISTED } from '../../src/objects/kinds.ts'
import { ObjectShard, type ShardHeld } from '../../src/objects/object-shard.ts'
import { ObjectStore } from '../../src/objects/object-store.ts'
import type { Performer, ShardOperation } from '../../src/objects/operation.ts'

const ZONE_BYTES = 1024 * 1024
const ZONES = 12

/** A store of several shards on simulated disks, and its clock. */
export class SimulatedStore {
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly shards: number
  readonly layout: Layout
  disks: SimDisk[]
  /** As the shards' own where undefined. */
  contentionThreshold: number | undefined
  #open: ObjectShard[] = []
  #life: Life

  /** @param zones of each shard, of 1 MiB */
  constructor(seed: number, shards = 3, zones = ZONES) {
    this.random = new SeededRandom(seed)
    this.shards = shards
    this.#life = new Life(this.clock)
    this.layout = layoutFor(ZONES_FROM + zones * ZONE_BYTES, ZONE_BYTES)
    this.disks = Array.from({ length: shards }, (_, i) => {
      return new SimDisk({ clock: this.clock, random: this.random.fork(`disk ${i}`) })
    })
  }

  open(): Promise<ObjectStore> {
    return this.run(this.#openAll())
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.runUntil(work, { withinMs: 10_000_000 })
  }

  close(): Promise<void> {
    return this.run(Promise.all(this.#open.map((shard) => shard.close())).then(() => {}))
  }

  /** What each shard has in memory. */
  held(): ShardHeld[] {
    return this.#open.map((shard) => shard.held())
  }

  /** From one opening to the crash: what a dead process still had to do is never done. */
  get life(): Life {
    return this.#life
  }

  /** The machine dies; `open` finds what is left. */
  crash(): void {
    this.#life.end()
    this.disks = this.disks.map((disk) => disk.crash())
  }

  async #openAll(): Promise<ObjectStore> {
    this.#life = new Life(this.clock)
    this.#open = await Promise.all(
      this.disks.map(async (disk, shard) => {
        const log = await openLog({
          disk,
          clock: this.#life,
          random: this.random.fork(`log ${shard} ${this.clock.elapsedMs}`),
          say: () => {},
          name: 'log',
          layout: this.layout,
          shard,
          shards: this.shards,
          kinds: LISTED,
        })
        return new ObjectShard(log, this.#life, this.contentionThreshold)
      }),
    )
    const shards = this.#open.map((shard) => this.#faraway(shard))
    // Another one in each life: names of swaps must never come again.
    const random = this.random.fork(`store ${this.clock.elapsedMs}`)
    const store = new ObjectStore({ shards, clock: this.#life, random })
    await store.recover()
    return store
  }

  /** As if in another thread: what is asked and answered takes a little while. */
  #faraway(shard: ObjectShard): Performer<ShardOperation> {
    const life = this.#life
    const wait = () => sleep(life, this.random.next() * 0.2)
    return {
      perform: async (operation) => {
        await wait()
        const answer = await shard.perform(operation)
        await wait()
        return answer
      },
    }
  }
}
