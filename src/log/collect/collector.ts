// Collection: a zone most of which is dead is read, what lives in it is appended anew, and when that
// is durable the zone is wiped and free (see freer.ts). It runs beside the traffic, in turns: after
// each piece it rests, so that it has but a share of the time; with few zones free, writers wait for
// it instead, a little at a time (see pace.ts). Zones are read by other threads (the port does). What
// is left to this one is about 3 µs a record of 4 KiB, of which a thread of its own could take the
// checksum, 0.8 µs, for an answer that costs 0.3: the index, the copy and the write stay here.
//
// It must never free a zone before everything that has taken the place of its records is durable,
// nor drop a deletion while a crash could bring back what was deleted.
import { PotluckError } from '../../base/errors.ts'
import type { Log as Say } from '../../base/log.ts'
import { sleep } from '../../base/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Writer } from '../write/writer.ts'
import type { Zone, ZoneState } from '../zones/zone.ts'
import { KEPT_FOR_COLLECTION, type ZoneTable } from '../zones/zone-table.ts'
import type { Freer } from './freer.ts'
import type { Mover } from './mover.ts'
import type { Pace } from './pace.ts'
import { victimOf } from './victim.ts'

/** Collections one after another without a change, and without a zone more that is free. */
const MOST_FRUITLESS = 16
/** Of the time, while zones are free. */
const USUAL_SHARE = 0.25
const MOST_REST_MS = 1000
/** With so few free zones nothing rests. */
const URGENT_ZONES = KEPT_FOR_COLLECTION

/** Zones that will be free without anything being done, or may then be collected. */
const ON_THEIR_WAY: ReadonlySet<ZoneState> = new Set(['full', 'leaving', 'borrowed'])

export type CollectorInit = {
  readonly zones: ZoneTable
  readonly writer: Writer
  readonly mover: Mover
  readonly pace: Pace
  readonly freer: Freer
  readonly clock: Clock
  readonly say: Say
  readonly newestVersion: () => number
}

export class Collector {
  readonly #init: CollectorInit
  #running: Promise<void> | undefined
  #isStopped = false
  #resting: AbortController | undefined

  constructor(init: CollectorInit) {
    this.#init = init
  }

  /** A zone was sealed: who waits for a free one looks again, though none may have come free. */
  sealed(): void {
    this.look()
    if (this.#running === undefined) this.#init.zones.wake()
  }

  /** Something may be worth collecting now. */
  look(): void {
    if (this.#isStopped || this.#running !== undefined || victimOf(this.#init) === undefined) return
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
    this.#resting?.abort()
    this.look()
    const isOnItsWay = zones.zones.some(({ state }) => ON_THEIR_WAY.has(state))
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
    await this.#init.freer.finished()
  }

  async #run(): Promise<void> {
    const { zones, freer, pace, newestVersion } = this.#init
    let most = zones.freeZones
    let version = 0
    let fruitless = 0
    while (!this.#isStopped && fruitless <= MOST_FRUITLESS) {
      const zone = victimOf(this.#init)
      if (zone === undefined && freer.isIdle) return
      // What is moved takes as much room as before: go on when something more has died.
      const isFruitless = zones.freeZones <= most && newestVersion() === version
      fruitless = isFruitless ? fruitless + 1 : 0
      version = newestVersion()
      most = Math.max(most, zones.freeZones)
      try {
        // Nothing is moved meanwhile, so nobody waits for it.
        if (zone === undefined) pace.end()
        if (zone === undefined) await freer.finished()
        else if (!(await this.#collect(zone))) break
      } catch (error) {
        await this.#failed(zone, error)
        break
      }
    }
    pace.end()
    await freer.finished()
  }

  async #failed(zone: Zone | undefined, error: unknown): Promise<void> {
    if (this.#isStopped) return
    this.#init.say('warn', `zone ${zone?.index} could not be collected`, { error })
    this.#init.pace.end()
    await this.#sleep(MOST_REST_MS)
  }

  get #isUrgent(): boolean {
    return this.#init.zones.freeZones <= URGENT_ZONES
  }

  /** False where it had to be given up for now. */
  async #collect(zone: Zone): Promise<boolean> {
    const { mover, writer, clock, pace, zones, freer } = this.#init
    const entries = await mover.entriesOf(zone)
    pace.begin(zone, zones.usableBytes)
    zone.keepsDeletion = false
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
    freer.free(zone)
    return true
  }

  /** There is no zone to move to: once one has come free, it goes on. */
  async #giveUp(): Promise<boolean> {
    const { pace, freer } = this.#init
    const { freed } = freer
    pace.end()
    await freer.finished()
    if (freer.freed > freed) return true
    await this.#sleep(10)
    return false
  }

  /**
   * Work that took so long is followed by a rest that leaves it its share of the time. With few zones
   * free, it goes on as soon as somebody has written: what is dead by then need not be moved.
   */
  async #rest(workedMs: number): Promise<void> {
    const { pace } = this.#init
    if (this.#isUrgent || pace.isOwed) return
    pace.onOwed(() => this.#resting?.abort())
    const shareMs = workedMs * (1 / USUAL_SHARE - 1)
    await this.#sleep(pace.isLow ? MOST_REST_MS : Math.min(MOST_REST_MS, shareMs))
    pace.onOwed(undefined)
  }

  /** Ends early where it is stopped, or something is owed. */
  async #sleep(ms: number): Promise<void> {
    if (this.#isStopped) return
    this.#resting = new AbortController()
    await sleep(this.#init.clock, ms, { signal: this.#resting.signal }).catch(() => {})
  }
}
