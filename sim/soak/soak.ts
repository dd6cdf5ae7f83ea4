// A long time of work in a short one: clients that read, write, append, swap, stream, delete and
// revert objects of a store on simulated disks, four fifths full and overwritten all the while, in
// minutes of virtual time. Now and then the machine dies in the middle, or the store is closed and
// opened again. Each minute ends with a rest, after which whatever the store holds must be little
// and the same as ever: the index, files, queues, buffers, the disk.
//
// Every client knows what its keys hold, so what is lost or stale is noticed too. What this room must
// never do is to excuse growth: a limit is what the code promises, not what a run happened to need.
import type { ObjectStore } from '../../src/objects/object-store.ts'
import type { ShardStat } from '../../src/objects/operation.ts'
import { PIECE_BYTES } from '../../src/objects/pieces.ts'
import { SimulatedStore } from '../crash/simulated-store.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { CHUNK_BYTES, ClientKeys, MOST_CHUNKS } from './client-keys.ts'
import {
  excess,
  growth,
  type Limits,
  limitsAtRest,
  limitsAtWork,
  type LimitsInit,
} from './limits.ts'
import { mostOf, type Sample, sampleOf } from './sample.ts'
import { SoakClient } from './soak-client.ts'

const SHARDS = 2
const CLIENTS = 8
const SECONDS = 60
const SAMPLES_A_SECOND = 10
/** At the end of each minute. */
const REST_SECONDS = 4
/** Of what may live in the log. */
const FULL = 0.8
/** What a small key takes on average, with all that belongs to it, or nothing where it is deleted. */
const SMALL_BYTES = 2_150
/** For large and growing objects, in their place. */
const OTHERS_BYTES = 3 * 2 ** 20
const LARGE_CLIENTS = 3
/** Every so many minutes the machine dies, and every so many others the store is closed. */
const CRASH_EVERY = 4
const CLOSE_EVERY = 3

export type SoakInit = {
  readonly seed: number
  readonly minutes: number
  /** In each minute, all clients together. */
  readonly operations: number
  /** Of each shard, of 1 MiB; at least 16. */
  readonly zones?: number
  /** Of this process, its garbage collected. */
  readonly heapBytes?: () => number
  /** Awaited each virtual second: for tests, which let the store leak. */
  readonly meddle?: (it: SimulatedStore, store: ObjectStore) => Promise<void>
}

/** What is known after one virtual second. */
export type Progress = {
  readonly seconds: number
  readonly operations: number
  /** After its last second. */
  readonly minute?: Minute
}

export type Minute = {
  readonly atWork: Sample
  readonly atRest: Sample
  /** Of what may live. */
  readonly fullShare: number
}

export class Soak {
  /** What was wrong; empty where the store keeps within its limits. */
  readonly problems: string[] = []
  operations = 0
  crashes = 0
  closings = 0
  readonly minutes: Minute[] = []
  readonly #init: SoakInit
  readonly #it: SimulatedStore
  readonly #random: SeededRandom
  #keys: readonly ClientKeys[] = []
  #store: ObjectStore | undefined
  #limits: LimitsInit

  constructor(init: SoakInit) {
    const { seed, zones = 32 } = init
    this.#init = init
    this.#it = new SimulatedStore(seed, SHARDS, zones)
    // Few clients shall do for what otherwise takes many.
    this.#it.contentionThreshold = 1
    this.#random = new SeededRandom(`soak ${seed}`)
    const { layout } = this.#it
    this.#limits = { shards: SHARDS, layout, clients: CLIENTS, records: 0 }
  }

  get limits(): { readonly atWork: Limits; readonly atRest: Limits } {
    return { atWork: limitsAtWork(this.#limits), atRest: limitsAtRest(this.#limits) }
  }

  /** Second by second. Who stops before its end has all that is known until then. */
  async *run(): AsyncGenerator<Progress> {
    const store = await this.#it.open()
    this.#store = store
    await this.#choose(store)
    await this.#it.run(Promise.all(this.#clients(store, 0).map((client) => client.fill())))
    for (let minute = 1; minute <= this.#init.minutes; minute++) yield* this.#minute(minute)
    this.problems.push(...growth(this.minutes.map(({ atRest }) => atRest)))
  }

  /** As many keys as make the store as full as it is to be. */
  async #choose(store: ObjectStore): Promise<void> {
    const stats = await this.#stats(store)
    const live = FULL * stats.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0)
    const small = Math.floor((live - OTHERS_BYTES) / SMALL_BYTES / CLIENTS)
    this.#keys = Array.from({ length: CLIENTS }, (_, client) => {
      return new ClientKeys(client, { small, hasLarge: client < LARGE_CLIENTS })
    })
    // Large ones and those that grow have pieces; what replaces them is there before they go.
    const chunks = (CHUNK_BYTES * MOST_CHUNKS) / PIECE_BYTES
    const others = CLIENTS * (1 + Math.ceil(chunks) + 16) + LARGE_CLIENTS * 4
    this.#limits = { ...this.#limits, records: small * CLIENTS + 2 * others + 1 }
  }

  async *#minute(minute: number): AsyncGenerator<Progress> {
    const crashAt = minute % CRASH_EVERY === 0 ? 1 + Math.floor(this.#random.next() * 50) : NaN
    const { operations } = this.#init
    this.#start(operations, SECONDS - REST_SECONDS)
    const samples: Sample[] = []
    for (let second = 0; second < SECONDS; second++) {
      if (second === crashAt) await this.#crash(SECONDS - REST_SECONDS - second)
      for (let i = 0; i < SAMPLES_A_SECOND; i++) {
        await this.#it.clock.run(1000 / SAMPLES_A_SECOND)
        samples.push(sampleOf(this.#it, [], 0))
      }
      await this.#meddle()
      const isLast = second === SECONDS - 1
      const progress = { seconds: (minute - 1) * SECONDS + second + 1, operations: this.operations }
      yield isLast ? { ...progress, minute: await this.#endMinute(minute, samples) } : progress
    }
  }

  async #meddle(): Promise<void> {
    const { meddle } = this.#init
    if (meddle !== undefined && this.#store !== undefined) {
      await this.#it.run(meddle(this.#it, this.#store))
    }
  }

  /** So many operations by all clients, in the time given. */
  #start(operations: number, seconds: number): void {
    const store = this.#store
    if (store === undefined) return
    const each = Math.ceil(operations / CLIENTS)
    for (const client of this.#clients(store, (seconds * 1000) / each)) {
      client.run(each).catch((error: Error) => this.#found(String(error.stack)))
    }
  }

  #clients(store: ObjectStore, periodMs: number): SoakClient[] {
    return this.#keys.map((keys, client) => {
      return new SoakClient({
        store,
        keys,
        periodMs,
        clock: this.#it.clock,
        random: this.#random.fork(`client ${client} at ${this.#it.clock.elapsedMs}`),
        onOperation: () => (this.operations += 1),
        onProblem: (text) => this.#found(text),
      })
    })
  }

  async #endMinute(minute: number, samples: readonly Sample[]): Promise<Minute> {
    const store = this.#store
    if (store === undefined) throw new Error('no store')
    const stats = await this.#stats(store)
    const atRest = sampleOf(this.#it, stats, this.#init.heapBytes?.() ?? 0)
    const atWork = mostOf(samples)
    const said = [
      ...excess(atWork, this.limits.atWork).map((text) => `at work: ${text}`),
      ...excess(atRest, this.limits.atRest).map((text) => `at rest: ${text}`),
    ]
    for (const text of said) this.#found(`minute ${minute}, ${text}`)
    const capacity = stats.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0)
    const known = { atWork, atRest, fullShare: atRest.liveBytes / capacity }
    this.minutes.push(known)
    if (minute % CLOSE_EVERY === 0) await this.#reopen()
    return known
  }

  /** The machine dies with everything under way; new clients go on with what is left of the time. */
  async #crash(secondsLeft: number): Promise<void> {
    this.#it.crash()
    this.crashes += 1
    await this.#open()
    if (secondsLeft <= 0) return
    const share = secondsLeft / (SECONDS - REST_SECONDS)
    this.#start(this.#init.operations * share, secondsLeft)
  }

  async #reopen(): Promise<void> {
    await this.#it.close()
    this.closings += 1
    const { openFiles } = sampleOf(this.#it, [], 0)
    if (openFiles > 0) this.#found(`${openFiles} files are open after the store was closed`)
    const { timers } = this.#it.life
    if (timers > 0) this.#found(`${timers} timers are set after it was closed`)
    await this.#open()
  }

  /** Opens the store again, and looks at every key. */
  async #open(): Promise<void> {
    const store = await this.#it.open()
    this.#store = store
    const checks = this.#clients(store, 0).map((client) => client.check())
    await this.#it.run(Promise.all(checks))
  }

  async #stats(store: ObjectStore): Promise<readonly ShardStat[]> {
    const answer = await this.#it.run(store.perform({ type: 'statAll' }))
    return answer.type === 'shards' ? answer.shards : []
  }

  #found(text: string): void {
    this.problems.push(text)
  }
}
