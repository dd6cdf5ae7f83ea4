// Crashes of the log, out of a seed: random commits, reads and flushes by several clients at once on
// a simulated disk, until the machine or the process dies at any moment; then the log is opened
// again and compared with what it had promised. Several lives a seed, on the same disk. In some the
// disk is full before long, in some calls to it fail, and some end before the log is open.
//
// The promise that is checked: what is found is the state after *some* commit in their order, with
// none missing before it, and that commit is not older than the newest acknowledged as durable. So
// nothing durable is lost, nothing is half visible, and commits of several keys are whole.
import { codeOf } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/time.ts'
import { layoutFor, ZONES_FROM } from '../../src/log/format/layout.ts'
import type { Durability } from '../../src/log/changes.ts'
import { type Log, openLog } from '../../src/log/log.ts'
import type { OpenReport } from '../../src/log/open/open-log.ts'
import { type DiskFaults, NO_DISK_FAULTS, SimDisk } from '../disk/sim-disk.ts'
import { Life } from '../engine/life.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { StallError, VirtualClock } from '../engine/virtual-clock.ts'
import { History } from './history.ts'
import { Clients } from './clients.ts'

const ZONE_BYTES = 65_536
const ZONES = 16
const CLIENTS = 5
const DURABILITIES: readonly Durability[] = ['memory', 'memory', 'memory', 'disk', 'sync']
/** Of so many seeds one is of a disk that syncs at once, and of one client that wants it durable. */
const ALONE_EVERY = 4

export type CrashOptions = {
  readonly seed: number
  readonly lives?: number
  /** Operations a life, at most. */
  readonly operations?: number
  /** The share of syncs that do nothing: no log survives that, and the check must notice. */
  readonly syncLies?: number
}

export type CrashResult = {
  readonly seed: number
  readonly commits: number
  readonly refused: number
  /** Operations that the disk failed. */
  readonly failed: number
  readonly zonesCollected: number
  readonly cutBytes: number
  readonly scanned: number
  /** What was wrong; empty where the log kept its promise. */
  readonly problems: readonly string[]
}

/** Runs one seed. */
export async function runCrashes(options: CrashOptions): Promise<CrashResult> {
  const { lives = 4 } = options
  const run = new CrashRun(options)
  for (let life = 0; life < lives && run.problems.length === 0; life++) await run.live(life)
  return run.result()
}

/** Runs one life, lets sectors rot after it, and reads what is left. @returns how much was damaged */
export async function runRot(
  seed: number,
  rots: number,
): Promise<{ readonly damaged: number; readonly problems: readonly string[] }> {
  const run = new CrashRun({ seed })
  await run.live(0)
  const damaged = await run.rot(rots)
  return { damaged, problems: run.problems }
}

class CrashRun {
  readonly problems: string[] = []
  readonly #seed: number
  readonly #operations: number
  readonly #syncLies: number
  readonly #random: SeededRandom
  readonly #clock = new VirtualClock()
  readonly #history = new History()
  /** From one opening to the death: what a dead log was still to do, or to say, it never does. */
  #life = new Life(this.#clock)
  #disk: SimDisk
  #isRotten = false
  #cutBytes = 0
  #scanned = 0
  #collected = 0
  #refused = 0
  #failed = 0
  /** Only the process died, and nothing that it wrote is to be lost for that. */
  #isKilled = false
  #isFailing = false

  constructor({ seed, operations = 400, syncLies = 0 }: CrashOptions) {
    this.#seed = seed
    this.#operations = operations
    this.#syncLies = syncLies
    this.#random = new SeededRandom(seed)
    this.#disk = new SimDisk({ clock: this.#clock, random: this.#random.fork('disk') })
  }

  /** Opens, compares with what was promised, works, and dies. */
  async live(life: number): Promise<void> {
    const random = this.#random.fork(`life ${life}`)
    try {
      if (life > 0 && random.next() < 0.3) await this.#dieOpening(random)
      const log = await this.#clock.runUntil(this.#open(), { withinMs: 600_000 })
      this.#note(log.report)
      const found = await this.#clock.runUntil(this.#history.read(log))
      this.problems.push(...this.#history.judge(found).map((text) => `life ${life}: ${text}`))
      if (this.problems.length > 0) return
      await this.#work(log, random)
      this.#collected += log.counters().zonesCollected
    } catch (error) {
      const what = error instanceof StallError ? error.message : String((error as Error).stack)
      this.problems.push(`life ${life}: ${what}`)
    }
  }

  /** Flips bits, opens the log and reads everything. @returns damaged records that were reported */
  async rot(rots: number): Promise<number> {
    this.#isRotten = true
    for (let i = 0; i < rots; i++) this.#disk.rot()
    const log = await this.#clock.runUntil(this.#open(), { withinMs: 600_000 })
    const found = await this.#clock.runUntil(this.#history.read(log, true))
    this.problems.push(...this.#history.judgeRotten(found))
    return this.#history.damaged + log.report.damaged
  }

  result(): CrashResult {
    return {
      seed: this.#seed,
      commits: this.#history.commits,
      refused: this.#refused,
      failed: this.#failed,
      zonesCollected: this.#collected,
      cutBytes: this.#cutBytes,
      scanned: this.#scanned,
      problems: this.problems,
    }
  }

  #open(): Promise<Log> {
    this.#life = new Life(this.#clock)
    return openLog({
      disk: this.#disk,
      clock: this.#life,
      random: this.#random.fork(`log ${this.#clock.elapsedMs}`),
      say: (level, message, fields) => {
        const from = fields?.['takenBackFromVersion']
        if (typeof from === 'number') this.#history.takenBack(from)
        else if (level !== 'error' || this.#isRotten) return
        else if (!this.#isFailing || !message.startsWith('a sync failed'))
          this.problems.push(message)
      },
      name: 'log',
      layout: layoutFor(ZONES_FROM + ZONES * ZONE_BYTES, ZONE_BYTES),
    })
  }

  #note(report: OpenReport): void {
    this.#cutBytes += report.cutBytes
    this.#scanned += report.zonesScanned
    if (report.damaged > 0) this.problems.push(`${report.damaged} durable records are damaged`)
  }

  async #work(log: Log, random: SeededRandom): Promise<void> {
    this.#disk.faults = this.#faults(random)
    const clients = new Clients({
      log,
      random,
      history: this.#history,
      operations: this.#operations,
      clock: this.#clock,
      clients: this.#isAlone ? 1 : CLIENTS,
      durabilities: this.#isAlone ? ['memory', 'disk', 'sync', 'sync', 'sync'] : DURABILITIES,
    })
    const dies = sleep(this.#clock, random.next() ** 2 * 800)
    const ended = await this.#clock.runUntil(
      Promise.race([dies.then(() => 'died' as const), clients.run().then(() => 'done' as const)]),
    )
    clients.die()
    this.problems.push(...clients.problems)
    this.#refused += clients.refused
    this.#failed += clients.failed
    await this.#end(log, ended, random)
  }

  get #isAlone(): boolean {
    return this.#seed % ALONE_EVERY === 1
  }

  #faults(random: SeededRandom): DiskFaults {
    const drawn = random.next()
    const isFull = drawn < 0.15
    this.#isFailing = drawn > 0.8
    const often = this.#isFailing ? random.next() ** 3 * 0.2 : 0
    const room = this.#disk.allocatedBytes + Math.floor(random.next() * 600_000)
    return {
      ...NO_DISK_FAULTS,
      capacityBytes: isFull ? room : Infinity,
      syncLies: this.#syncLies,
      syncsNow: this.#isAlone ? 0.8 : 0,
      isCold: random.next(),
      readFails: often * random.next(),
      writeFails: often * random.next(),
      syncFails: (often * random.next()) / 4,
    }
  }

  /** Opens, and dies meanwhile or a little later. */
  async #dieOpening(random: SeededRandom): Promise<void> {
    const opening = this.#open().catch((error: unknown) => void codeOf(error))
    const dies = sleep(this.#clock, random.next() * 20)
    await this.#clock.runUntil(Promise.race([opening, dies]))
    this.#die()
  }

  #die(): void {
    this.#life.end()
    this.#disk = this.#isKilled ? this.#disk.kill() : this.#disk.crash()
  }

  async #end(log: Log, ended: 'died' | 'done', random: SeededRandom): Promise<void> {
    this.#isKilled = false
    this.#disk.faults = NO_DISK_FAULTS
    if (ended === 'done' && random.next() < 0.5) {
      const isClosed = await this.#clock.runUntil(
        log.close().then(
          () => true,
          (error: unknown) => codeOf(error) === undefined,
        ),
      )
      if (isClosed) this.#history.durable()
    } else if (random.next() < 0.3) {
      this.#isKilled = true
      this.#history.written()
    }
    this.#die()
  }
}
