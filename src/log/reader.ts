// Finds and reads records. The index gives places, the record itself says whose it is; what is
// damaged is reported and never returned.
//
// A record may be moved, and its zone emptied and written anew, while its bytes are on their way
// here. So whatever was waited for counts only if the zone is still in the same life; if not, the
// index is asked again. It must never keep bytes of the page scratch or of a batch over a wait.
import type { DiskFile } from '../ports/disk.ts'
import { PotluckError } from '../base/errors.ts'
import { zoneStart } from './format/layout.ts'
import {
  bytesNeeded,
  HEAD_BYTES,
  headBytes,
  payloadChecksum,
  readHead,
  type RecordHead,
} from './format/record.ts'
import type { KeyIndex } from './index/key-index.ts'
import type { LogKey } from './log-key.ts'
import type { Writer } from './write/writer.ts'
import type { ZoneTable } from './zones/zone-table.ts'

/** Read at first where only the head is wanted, and where the payload is. */
const HEAD_GUESS = 512
const PAYLOAD_GUESS = 8192

/** A record that was found; `bytes` begin with it, and hold at least its head. */
export type Found = {
  readonly grain: number
  readonly head: RecordHead
  readonly bytes: Buffer
}

/** A whole record. */
export type LogRecord = {
  readonly version: number
  readonly flags: number
  readonly owner: number
  readonly next: Uint8Array
  readonly payload: Buffer
}

/** Bytes that would have to be waited for. */
const WAIT = Symbol('wait')

export type ReaderInit = {
  readonly file: DiskFile
  readonly zones: ZoneTable
  readonly index: KeyIndex
  readonly writer: Writer
}

export class Reader {
  readonly #init: ReaderInit
  readonly #scratch = Buffer.alloc(PAYLOAD_GUESS)

  constructor(init: ReaderInit) {
    this.#init = init
  }

  /** @throws PotluckError CORRUPT, EIO; CLOSED */
  async read(key: LogKey): Promise<LogRecord | undefined> {
    for (;;) {
      const now = this.#findNow(key, PAYLOAD_GUESS)
      const found = now === WAIT ? await this.#find(key, PAYLOAD_GUESS) : now
      if (found === undefined) return undefined
      const { head, grain } = found
      const zone = this.#init.zones.ofGrain(grain)
      const { generation } = zone
      // What is kept is copied: the bytes may be the scratch or a batch.
      const next = Uint8Array.from(head.next)
      const payload = this.#payloadHere(found) ?? (await this.#payloadBehind(found, next.length))
      if (zone.generation !== generation) continue
      if (payloadChecksum(payload) !== head.payloadChecksum) throw damaged(grain)
      return { version: head.version, flags: head.flags, owner: head.owner, next, payload }
    }
  }

  /** The record's head, if that takes no wait; `'wait'` where it does. Valid until the next call. */
  headNow(key: LogKey): Found | undefined | 'wait' {
    const found = this.#findNow(key, HEAD_GUESS)
    return found === WAIT ? 'wait' : found
  }

  /** @throws PotluckError EIO; CORRUPT where a damaged record may be the one */
  head(key: LogKey): Promise<Found | undefined> {
    return this.#find(key, HEAD_GUESS)
  }

  /** The head of the record at a grain, whoever's it is; undefined where it is damaged or gone. */
  async headAt(grain: number): Promise<RecordHead | undefined> {
    const now = this.#bytesNow(grain, HEAD_GUESS)
    const { generation } = this.#init.zones.ofGrain(grain)
    // Over the wait below, another call may use the scratch.
    const bytes = now === WAIT ? await this.#bytes(grain, HEAD_GUESS) : Buffer.from(now)
    const head = await this.#wholeHead(grain, bytes, generation)
    if (head === undefined) return undefined
    return { ...head, key: Uint8Array.from(head.key), next: Uint8Array.from(head.next) }
  }

  #findNow(key: LogKey, guess: number): Found | undefined | typeof WAIT {
    for (const grain of this.#init.index.find(key.hash.tag)) {
      const bytes = this.#bytesNow(grain, guess)
      if (bytes === WAIT) return WAIT
      const head = readHead(bytes, this.#init.zones.ofGrain(grain).generation)
      // A long key, or damage: both are looked into with time.
      if (head === undefined) return WAIT
      if (isOf(head, key)) return { grain, head, bytes }
    }
    return undefined
  }

  async #find(key: LogKey, guess: number): Promise<Found | undefined> {
    for (;;) {
      const grains = this.#init.index.find(key.hash.tag)
      let bad: number | undefined
      for (const grain of grains) {
        const { generation } = this.#init.zones.ofGrain(grain)
        const bytes = await this.#bytes(grain, guess)
        const head = await this.#wholeHead(grain, bytes, generation)
        if (head === undefined) bad = grain
        else if (isOf(head, key)) {
          if (this.#init.index.has(key.hash.tag, grain)) return { grain, head, bytes }
          bad = undefined
          break
        }
      }
      const now = this.#init.index.find(key.hash.tag)
      const isSame = now.length === grains.length && now.every((grain) => grains.includes(grain))
      if (isSame && bad === undefined) return undefined
      if (isSame && bad !== undefined) throw damaged(bad)
    }
  }

  /** A head whose key is longer than the guess is read again. */
  async #wholeHead(
    grain: number,
    bytes: Buffer,
    generation: number,
  ): Promise<RecordHead | undefined> {
    const needed = bytesNeeded(bytes)
    const all =
      needed !== undefined && needed > bytes.length ? await this.#bytes(grain, needed) : bytes
    return readHead(all, generation)
  }

  #bytesNow(grain: number, guess: number): Buffer | typeof WAIT {
    const { place, most } = this.#span(grain, guess)
    const pending = this.#init.writer.pendingAt(place, most)
    if (pending !== undefined) return pending
    const into = this.#scratch.subarray(0, most)
    return this.#init.file.readNow(place, into) ? into : WAIT
  }

  async #bytes(grain: number, guess: number): Promise<Buffer> {
    const { place, most } = this.#span(grain, guess)
    const pending = this.#init.writer.pendingAt(place, most)
    if (pending !== undefined) return Buffer.from(pending)
    const into = Buffer.allocUnsafe(most)
    await this.#init.file.read(place, into)
    return into
  }

  /** As much as is wanted, but not beyond the zone. */
  #span(grain: number, wanted: number): { place: number; most: number } {
    const { layout } = this.#init.zones
    const place = grain * layout.grainBytes
    const end = zoneStart(layout, this.#init.zones.at(place).index) + layout.zoneBytes
    return { place, most: Math.max(HEAD_BYTES, Math.min(wanted, end - place)) }
  }

  #payloadHere({ head, bytes }: Found): Buffer | undefined {
    const from = headBytes(head)
    const end = from + head.payloadBytes
    return end <= bytes.length ? Buffer.from(bytes.subarray(from, end)) : undefined
  }

  #payloadBehind({ grain, head, bytes }: Found, nextLength: number): Promise<Buffer> {
    const from = HEAD_BYTES + head.key.length + nextLength
    const payload = Buffer.allocUnsafeSlow(head.payloadBytes)
    const here = bytes.copy(payload, 0, Math.min(from, bytes.length))
    return this.#fill(payload, here, grain * this.#init.zones.layout.grainBytes + from + here)
  }

  async #fill(payload: Buffer, from: number, place: number): Promise<Buffer> {
    const rest = payload.subarray(from)
    const pending = this.#init.writer.pendingAt(place, rest.length)
    if (pending !== undefined) pending.copy(rest)
    else if (!this.#init.file.readNow(place, rest)) await this.#init.file.read(place, rest)
    return payload
  }
}

function isOf(head: RecordHead, key: LogKey): boolean {
  return head.kind === key.kind && Buffer.compare(head.key, key.bytes) === 0
}

function damaged(grain: number): PotluckError {
  return new PotluckError('CORRUPT', `the record at grain ${grain} is damaged`)
}
