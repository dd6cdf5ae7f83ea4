// Changes, one or several keys at once: looked up, checked against the versions that are expected,
// and then, without a wait in between, appended to one batch and entered in the index.
//
// Nothing is locked. What was looked up may have changed while something was waited for; then it is
// looked up again. So a change never acts on what is no longer so, and nobody waits for a lock.
import { codeOf, PotluckError } from '../base/errors.ts'
import type { Change, Durability, Outcome } from './changes.ts'
import { recordBytes, type RecordHead } from './format/record.ts'
import { SECTOR_BYTES } from './format/layout.ts'
import { summaryBytes } from './format/zone-marks.ts'
import type { Pace } from './collect/pace.ts'
import type { KeyIndex } from './index/key-index.ts'
import type { LogKey } from './log-key.ts'
import { ABSENT, type Present, recordOf, refusalOf } from './present.ts'
import type { Reader } from './reader.ts'
import type { Batch } from './write/batch.ts'
import { mostTogether, type NewRecord, worstBytes } from './write/lane.ts'
import type { Syncer } from './write/syncer.ts'
import type { Writer } from './write/writer.ts'
import type { ZoneTable } from './zones/zone-table.ts'

export type CommitterInit = {
  readonly index: KeyIndex
  readonly zones: ZoneTable
  readonly reader: Reader
  readonly writer: Writer
  readonly syncer: Syncer
  readonly pace: Pace
  /** The newest version there is. */
  readonly version: number
  /** Resolves when a zone came free. @throws PotluckError ENOSPC when none can */
  readonly makeSpace: () => Promise<void>
  /** Something was refused for want of room. */
  readonly onRefused: () => void
  /** Whether the log was asked for one thing since the last call. */
  readonly isAskedOnce: () => boolean
}

export class Committer {
  readonly #init: CommitterInit
  #version: number
  /** Commits that are to be durable and are not yet. */
  #syncing = 0

  constructor(init: CommitterInit) {
    this.#init = init
    this.#version = init.version
  }

  /** The newest version that was given. */
  get version(): number {
    return this.#version
  }

  /** A version that no commit has, for whoever needs a number that is never used twice. */
  nextVersion(): number {
    this.#version += 1
    return this.#version
  }

  /** @throws PotluckError ENOSPC, TOO_LARGE, EIO, CLOSED; CORRUPT where what is expected can't be read */
  async commit(changes: readonly Change[], durability: Durability): Promise<Outcome> {
    for (;;) {
      if (!this.#init.writer.hasRoom) await this.#init.writer.room()
      if (this.#init.pace.mustWait) await this.#init.pace.turn()
      const known = changes.map((change) => this.#presentNow(change))
      const isHere = known.every((one) => one !== undefined)
      const before = isHere ? '' : this.#placesOf(changes)
      const present = isHere ? known : await this.#lookUp(changes)
      // Looked at here, since the index may change even in the moment until this goes on.
      if (!isHere && this.#placesOf(changes) !== before) continue
      const refused = refusalOf(changes, present)
      if (refused !== undefined) return refused
      const done = this.#append(changes, present)
      if (done === 'nothing') return this.#nothing(durability)
      if (done === 'full') await this.#init.makeSpace()
      else return this.#acknowledge(done.batch, done.version, durability)
    }
  }

  /** Leaves a record that is owned out of the index; at open it goes because its owner is gone. */
  async forget(key: LogKey): Promise<void> {
    const found = await this.#init.reader.head(key)
    if (found === undefined) return
    const { grain, bytes } = this.#presentOf(found.grain, found.head)
    if (!this.#init.index.remove(key.hash.tag, grain)) return
    // No deletion is of its key: so none that came before now is kept for it.
    this.#init.zones.died(grain, bytes, this.#version)
  }

  /** Undefined where it would have to be waited for. */
  #presentNow({ key }: Change): Present | undefined {
    const found = this.#init.reader.headNow(key)
    if (found === 'wait') return undefined
    return found === undefined ? ABSENT : this.#presentOf(found.grain, found.head)
  }

  #presentOf(grain: number, head: RecordHead): Present {
    const { version, flags } = head
    return { grain, version, flags, bytes: recordBytes(head, this.#grainBytes) }
  }

  /** Where the keys are now. What was written and taken back leaves them as they were, but is told. */
  #placesOf(changes: readonly Change[]): string {
    const { index, writer } = this.#init
    const places = changes.map(({ key }) => index.find(key.hash.tag).toSorted((a, b) => a - b))
    return `${writer.takenBack} ${places.join(' ')}`
  }

  #lookUp(changes: readonly Change[]): Promise<Present[]> {
    const { reader } = this.#init
    return Promise.all(
      changes.map(async ({ key, expected }) => {
        const found = await reader.head(key).catch((error: unknown) => {
          // A damaged record under the same tag is in nobody's way who expects nothing. One that
          // could not be read just now is: it would be found again beside the new one.
          if (expected === undefined && codeOf(error) === 'CORRUPT') return undefined
          throw error
        })
        return found === undefined ? ABSENT : this.#presentOf(found.grain, found.head)
      }),
    )
  }

  #append(
    changes: readonly Change[],
    present: readonly Present[],
  ): { batch: Batch; version: number } | 'full' | 'nothing' {
    const { zones, writer } = this.#init
    const version = this.#version + 1
    const records: NewRecord[] = []
    const written: number[] = []
    changes.forEach((change, i) => {
      // Deleting what is not there leaves no trace.
      if (change.value === undefined && (present[i] ?? ABSENT).grain === 0) return
      written.push(i)
      records.push(recordOf(change, version))
    })
    if (records.length === 0) return 'nothing'
    this.#checkSize(records)
    this.#checkSpace(records, changes)
    const appended = writer.append('new', records)
    if (appended === undefined) return 'full'
    this.#version = version
    let bytesWritten = 0
    for (const [place, i] of written.entries()) {
      const [change, record] = [changes[i], records[place]]
      const [grain, was] = [appended.grains[place] ?? 0, present[i] ?? ABSENT]
      if (change === undefined || record === undefined) continue
      const bytes = recordBytes(record.head, this.#grainBytes)
      bytesWritten += bytes
      const { tag } = change.key.hash
      if (was.grain !== 0) zones.died(was.grain, was.bytes, version)
      if (change.value === undefined)
        this.#delete(appended.batch, { tag, grain, bytes, was, version })
      else this.#put(appended.batch, { tag, grain, bytes, was, version })
    }
    this.#init.pace.wrote(bytesWritten)
    return { batch: appended.batch, version }
  }

  #put(batch: Batch, { tag, grain, bytes, was, version }: Move): void {
    const { index, zones, writer } = this.#init
    zones.born(grain, bytes)
    if (was.grain === 0) index.add(tag, grain)
    else index.replace(tag, was.grain, grain)
    writer.onFailure(batch, () => {
      zones.died(grain, bytes, version)
      if (was.grain === 0) return void index.remove(tag, grain)
      index.replace(tag, grain, was.grain)
      zones.born(was.grain, was.bytes)
    })
  }

  #delete(batch: Batch, { tag, grain, bytes, was, version }: Move): void {
    const { index, zones, writer } = this.#init
    zones.deleted(grain, bytes, version)
    index.remove(tag, was.grain)
    writer.onFailure(batch, () => {
      zones.undeleted(grain, bytes)
      index.add(tag, was.grain)
      zones.born(was.grain, was.bytes)
    })
  }

  #checkSize(records: readonly NewRecord[]): void {
    const bytes = worstBytes(records, this.#grainBytes)
    const most = mostTogether(this.#init.zones.layout)
    const isTooMany = summaryBytes(records.length) > SECTOR_BYTES
    if (bytes <= most && !isTooMany) return
    throw new PotluckError('TOO_LARGE', `${records.length} records of ${bytes} bytes at once`)
  }

  /** Deletions may go where writes may not any more: they are what makes space. */
  #checkSpace(records: readonly NewRecord[], changes: readonly Change[]): void {
    if (changes.every(({ value, isOwed = false }) => value === undefined || isOwed)) return
    let bytes = 0
    for (const { head } of records) bytes += recordBytes(head, this.#grainBytes)
    const { liveBytes, capacityBytes } = this.#init.zones
    if (liveBytes + bytes <= capacityBytes) return
    // What is full of deletions may come to be less so: nothing else asks for it when all is refused.
    this.#init.onRefused()
    throw new PotluckError('ENOSPC', `the log is full: ${liveBytes} of ${capacityBytes} bytes live`)
  }

  get #grainBytes(): number {
    return this.#init.zones.layout.grainBytes
  }

  /** That a key is not there may be news that is not durable yet. */
  async #nothing(durability: Durability): Promise<Outcome> {
    if (durability !== 'memory') await this.#init.writer.flush()
    return { isDone: true, version: this.#version }
  }

  async #acknowledge(batch: Batch, version: number, durability: Durability): Promise<Outcome> {
    if (durability === 'sync') await this.#sync(batch)
    else if (durability === 'disk') {
      this.#init.writer.hurry(batch)
      await batch.written
    }
    return { isDone: true, version }
  }

  /**
   * Who is alone with the log is served in this thread: nobody is there to be kept waiting, and the
   * way to another thread and back takes a third of the time. All others share a sync of another one.
   */
  async #sync(batch: Batch): Promise<void> {
    const { writer, syncer, isAskedOnce } = this.#init
    this.#syncing += 1
    try {
      writer.hurry(batch)
      const number = await batch.written
      const isAlone = isAskedOnce() && this.#syncing === 1
      if (!isAlone || !syncer.reachNow(number)) await syncer.reach(number)
    } finally {
      this.#syncing -= 1
    }
  }
}

type Move = {
  readonly tag: number
  readonly grain: number
  readonly bytes: number
  readonly was: Present
  readonly version: number
}
