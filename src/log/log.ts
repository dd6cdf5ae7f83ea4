// The persistent log of one shard: keys and records on a local disk, atomic changes of several keys,
// three degrees of durability. What lies where on the disk is told in format/layout.ts.
//
// One log is one thread's: nothing here is locked, and everything that waits looks again afterwards.
// It must never acknowledge what is not where the acknowledgement says, never return damaged bytes,
// and never let half of a commit be seen, whatever fails in between.
import { codeOf, PotluckError } from '../base/errors.ts'
import type { Change, Durability, Outcome } from './changes.ts'
import { Collector } from './collect/collector.ts'
import { Freer } from './collect/freer.ts'
import { Mover } from './collect/mover.ts'
import { Pace } from './collect/pace.ts'
import { Committer } from './committer.ts'
import type { LogCounters, LogHeld } from './counters.ts'
import type { RecordHead } from './format/record.ts'
import { type LogKey, logKey } from './log-key.ts'
import { type LogInit, type Opened, type OpenReport, openZones } from './open/open-log.ts'
import { type LogRecord, Reader } from './reader.ts'
import { Preparer } from './zones/preparer.ts'
import { Sealer } from './write/sealer.ts'
import { Syncer } from './write/syncer.ts'
import { Writer } from './write/writer.ts'

/** What is only written is synced after this long at most. */
const SYNC_EVERY_MS = 1000

/** @throws PotluckError as `openFile` has it; EIO */
export async function openLog(init: LogInit): Promise<Log> {
  const opened = await openZones(init)
  const log = new Log(init, opened)
  await log.start(opened.listed)
  return log
}

export class Log {
  readonly report: OpenReport
  /** Of the keys' hashes. */
  readonly seed: number
  readonly #init: LogInit
  readonly #opened: Opened
  readonly #syncer: Syncer
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #preparer: Preparer
  readonly #sealer: Sealer
  readonly #committer: Committer
  readonly #freer: Freer
  readonly #collector: Collector
  readonly #pace: Pace
  #listed: readonly RecordHead[] = []
  #isClosed = false
  /** Calls of any kind since a commit was last made durable. */
  #asked = 0
  #cancelSync: (() => void) | undefined

  constructor(init: LogInit, opened: Opened) {
    this.#init = init
    this.#opened = opened
    this.report = opened.report
    this.seed = opened.seed
    const { file, zones, index, number, version } = opened
    const { clock, say } = init
    this.#syncer = new Syncer(file, number)
    const newestVersion = (): number => this.#committer.version
    const pace = new Pace(zones)
    this.#pace = pace
    const shared = { file, zones, index, clock, say, pace, syncer: this.#syncer, newestVersion }
    this.#preparer = new Preparer(shared)
    this.#sealer = new Sealer({ ...shared, onSealed: () => this.#collector.sealed() })
    this.#writer = new Writer({
      ...shared,
      number,
      onTaken: () => this.#preparer.taken(),
      onFull: (zone) => this.#sealer.seal(zone, this.#writer.number),
    })
    const writer = this.#writer
    this.#reader = new Reader({ ...shared, writer })
    const mover = new Mover({ ...shared, writer })
    this.#freer = new Freer({ ...shared, writer })
    this.#collector = new Collector({ ...shared, writer, mover, freer: this.#freer })
    this.#committer = new Committer({
      ...shared,
      writer,
      reader: this.#reader,
      version,
      makeSpace: () => this.#collector.makeSpace(),
      onRefused: () => this.#collector.look(),
      isAskedOnce: () => this.#isAskedOnce(),
    })
  }

  /** Called once, by `openLog`. */
  async start(listed: readonly number[]): Promise<void> {
    const heads = await Promise.all(listed.map((grain) => this.#reader.headAt(grain)))
    this.#listed = heads.filter((head) => head !== undefined)
    this.#collector.look()
    this.#syncLater()
  }

  /** The records of the kinds that were asked for, as they were found at open. */
  get listed(): readonly RecordHead[] {
    return this.#listed
  }

  key(kind: number, bytes: Uint8Array): LogKey {
    return logKey(kind, bytes, this.seed)
  }

  /** @throws PotluckError CORRUPT, EIO, CLOSED */
  async read(key: LogKey): Promise<LogRecord | undefined> {
    this.#enter()
    return this.#reader.read(key)
  }

  /** What a key's record says of itself, without its payload. @throws PotluckError like `read` */
  async head(key: LogKey): Promise<RecordHead | undefined> {
    this.#enter()
    const now = this.#reader.headNow(key)
    const found = now === 'wait' ? await this.#reader.head(key) : now
    if (found === undefined) return undefined
    const { head } = found
    return { ...head, key: Uint8Array.from(head.key), next: Uint8Array.from(head.next) }
  }

  /**
   * Changes that become visible together, or not at all: also after a crash.
   *
   * @throws PotluckError ENOSPC (nothing was changed), EIO (unknown on the disk, taken back here),
   *   CORRUPT (a version is expected of a record that can't be read), CLOSED
   */
  async commit(changes: readonly Change[], durability: Durability): Promise<Outcome> {
    this.#enter()
    return this.#committer.commit(changes, durability)
  }

  /** Drops a record whose owner is gone, durably so. @throws PotluckError like `read` */
  async forget(key: LogKey): Promise<void> {
    this.#enter()
    await this.#committer.forget(key)
  }

  /** A number that no commit has as its version. */
  newNumber(): number {
    return this.#committer.nextVersion()
  }

  /** Resolves when all that was committed before is durable. @throws PotluckError EIO */
  async flush(): Promise<void> {
    this.#enter()
    await this.#writer.flush()
  }

  /**
   * Heads of records, in the order of their tags, from `tag` on: a page, and where the next begins.
   * A record that is there all the while is in exactly one page, whatever else happens.
   */
  async headsFrom(
    tag: number,
  ): Promise<{ readonly heads: readonly RecordHead[]; readonly next: number | undefined }> {
    this.#enter()
    const { entries, next } = this.#opened.index.segmentFrom(tag)
    const heads: RecordHead[] = []
    for (const entry of entries) {
      const head = await this.#headOf(entry)
      if (head !== undefined) heads.push(head)
    }
    return { heads, next }
  }

  counters(): LogCounters {
    const { zones, index } = this.#opened
    return {
      records: index.size,
      liveBytes: zones.liveBytes,
      capacityBytes: zones.capacityBytes,
      indexBytes: index.bytes,
      freeZones: zones.freeZones,
      zones: zones.layout.zones,
      zonesCollected: this.#freer.freed,
      writtenBytes: [this.#writer, this.#sealer, this.#preparer].reduce(
        (sum, { writtenBytes }) => sum + writtenBytes,
        0,
      ),
      syncs: this.#syncer.syncs,
    }
  }

  held(): LogHeld {
    const { zones } = this.#opened
    const { waiting, ...held } = this.#writer.held()
    const all = waiting + this.#pace.waiting + zones.waiting
    return { ...held, entryBytes: zones.entryBytes, waiting: all }
  }

  /** Makes everything durable and gives the file back. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelSync?.()
    await this.#collector.stop()
    await this.#preparer.stop()
    try {
      await this.#writer.retire()
      await this.#sealer.finished()
      await this.#syncer.syncAll()
    } finally {
      await this.#opened.file.close()
    }
  }

  /** A record may be moved while its head is read: then it is at another grain under the same tag. */
  async #headOf({ tag, grain }: { tag: number; grain: number }): Promise<RecordHead | undefined> {
    const head = await this.#reader.headAt(grain)
    if (head !== undefined || this.#opened.index.has(tag, grain)) return head
    for (const moved of this.#opened.index.find(tag)) {
      const found = await this.#reader.headAt(moved)
      if (found !== undefined) return found
    }
    return undefined
  }

  #isAskedOnce(): boolean {
    const asked = this.#asked
    this.#asked = 0
    return asked <= 1
  }

  #syncLater(): void {
    this.#cancelSync = this.#init.clock.after(SYNC_EVERY_MS, () => {
      const isBehind = this.#syncer.durable < this.#writer.number
      const sync = isBehind ? this.#syncer.reach(this.#writer.number) : Promise.resolve()
      void sync
        .catch((error: unknown) => this.#init.say('error', `a sync failed: ${codeOf(error)}`))
        .finally(() => this.#isClosed || this.#syncLater())
    })
  }

  #enter(): void {
    this.#asked += 1
    if (this.#isClosed) throw new PotluckError('CLOSED', 'the log is closed')
  }
}
