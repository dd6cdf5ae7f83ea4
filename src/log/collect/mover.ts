import type { Log as Say } from '../../base/log.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DiskFile } from '../../ports/disk.ts'
import type { Entries, Entry } from '../format/entries.ts'
import { headBytes, payloadChecksum, readHead, recordBytes, TOMBSTONE } from '../format/record.ts'
import type { KeyIndex } from '../index/key-index.ts'
import { readEntries } from '../format/summary.ts'
import type { NewRecord } from '../write/lane.ts'
import type { Writer } from '../write/writer.ts'
import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'

/** Read, checked and appended in one go. */
const PIECE_BYTES = 256 * 1024
/** Looked at in one go: most of them may be dead. */
const MOST_ENTRIES = 2048
/** Without a wait, in which others have their turn. */
const MOST_TURN_MS = 1
/** Between two records that are read together, so much that is not needed may lie. */
const GAP_BYTES = 64 * 1024

/** The entry to go on with, and the bytes that were read. */
export type Moved = { readonly next: number; readonly bytes: number }

export type MoverInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly index: KeyIndex
  readonly writer: Writer
  readonly clock: Clock
  readonly say: Say
  readonly newestVersion: () => number
}

/** Moves what is still needed out of a zone. */
export class Mover {
  readonly #init: MoverInit
  #buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  /** When others last had their turn, on the clock. */
  #waited = -Infinity

  constructor(init: MoverInit) {
    this.#init = init
  }

  async entriesOf(zone: Zone): Promise<Entries> {
    const { file, zones } = this.#init
    return zone.entries ?? (await readEntries(file, zones.layout, zone))
  }

  /**
   * Moves the next records, a quarter of a MiB of them at most. @returns the entry to go on with, or
   * `'full'` where there was no zone to move them to
   */
  async move(zone: Zone, entries: Entries, from: number): Promise<Moved | 'full'> {
    const wanted: Entry[] = []
    let next = from
    const end = Math.min(entries.count, from + MOST_ENTRIES)
    for (; next < end; next++) {
      const entry = entries.at(next)
      if (!this.#isNeeded(zone, entry)) continue
      if (wanted.length > 0 && !this.#goesWith(wanted, entry)) break
      wanted.push(entry)
    }
    const [first, last] = [wanted[0], wanted.at(-1)]
    if (first === undefined || last === undefined) return { next, bytes: 0 }
    const { grainBytes } = this.#init.zones.layout
    const place = first.grain * grainBytes
    const bytes = await this.#read(place, (last.grain + last.grains) * grainBytes - place)
    for (const entry of wanted) {
      const at = entry.grain * grainBytes - place
      const record = bytes.subarray(at, at + entry.grains * grainBytes)
      if (!this.#moveOne(zone, entry, record)) return 'full'
    }
    return { next, bytes: bytes.length }
  }

  /** Valid until the next call. What is in memory is read here, but not for long without a wait. */
  async #read(place: number, length: number): Promise<Buffer> {
    const { file, clock } = this.#init
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(length)
    const bytes = this.#buffer.subarray(0, length)
    if (clock.now() - this.#waited < MOST_TURN_MS && file.readNow(place, bytes)) return bytes
    await file.read(place, bytes)
    this.#waited = clock.now()
    return bytes
  }

  #goesWith(wanted: readonly Entry[], { grain, grains }: Entry): boolean {
    const { grainBytes } = this.#init.zones.layout
    const [first, last] = [wanted[0], wanted.at(-1)]
    if (first === undefined || last === undefined) return true
    const gap = (grain - last.grain - last.grains) * grainBytes
    return (
      gap >= 0 && gap <= GAP_BYTES && (grain + grains - first.grain) * grainBytes <= PIECE_BYTES
    )
  }

  #isNeeded(zone: Zone, { tag, grain, flags, version }: Entry): boolean {
    if ((flags & TOMBSTONE) === 0) return this.#init.index.has(tag, grain)
    return !this.#init.zones.isSuperfluous(version, zone)
  }

  /** False where there is no zone for it. */
  #moveOne(zone: Zone, entry: Entry, bytes: Buffer): boolean {
    // It may have died while it was read.
    if (!this.#isNeeded(zone, entry)) return true
    const record = wholeRecord(entry, bytes, zone.generation)
    if (record === undefined) return this.#leaveDamaged(zone, entry)
    const appended = this.#init.writer.append('moved', [record])
    if (appended === undefined) return false
    const grain = appended.grains[0] ?? 0
    const { index, zones, writer } = this.#init
    const size = recordBytes(record.head, zones.layout.grainBytes)
    if ((entry.flags & TOMBSTONE) !== 0) {
      zones.deleted(grain, size, entry.version)
      writer.onFailure(appended.batch, () => {
        zones.undeleted(grain, size)
        zone.keepsDeletion = true
      })
      return true
    }
    index.replace(entry.tag, entry.grain, grain)
    // What deleted it before now is of another key; what will, has to reach what is left here.
    zones.died(entry.grain, size, this.#init.newestVersion())
    zones.born(grain, size)
    writer.onFailure(appended.batch, () => {
      // What has taken its place meanwhile may be written already.
      if (!index.replace(entry.tag, grain, entry.grain)) return
      zones.born(entry.grain, size)
      zones.died(grain, size, entry.version)
    })
    return true
  }

  /** It stays where it is, and its zone with it: an older version would be found in its place. */
  #leaveDamaged(zone: Zone, { grain, version }: Entry): boolean {
    zone.isDamaged = true
    this.#init.say('error', 'a damaged record was found', { grain, version })
    return true
  }
}

/** Undefined where it is damaged. */
function wholeRecord(entry: Entry, bytes: Buffer, generation: number): NewRecord | undefined {
  const head = readHead(bytes, generation)
  if (head === undefined || head.version !== entry.version) return undefined
  const from = headBytes(head)
  const payload = bytes.subarray(from, from + head.payloadBytes)
  if (payloadChecksum(payload) !== head.payloadChecksum) return undefined
  const { tag, middle, low } = entry
  return { head, hash: { tag, middle, low }, payload }
}
