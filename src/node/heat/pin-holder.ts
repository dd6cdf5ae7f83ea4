// Holds what of the pinned files is this node's to hold: each block lies at its home, and that of a hotter
// file at more of the nodes closest to its key, which are the inner part of the tree by which it is fetched:
// whoever asks for it comes by one of them before the home.
//
// What people wished goes before heat, the hotter before the less hot, as far as the share of RAM goes;
// and what this node is the home of before what it only helps with, for that may be had elsewhere.
import type { Clock } from '../../ports/clock.ts'
import type { Key, Want } from '../../ports/messages.ts'
import type { Counters } from '../../base/counters.ts'
import { keyOf } from '../../block/key.ts'
import type { Fetcher } from '../../fetch/fetcher.ts'
import type { Pin, PinList } from '../../heat/pins/pin-list.ts'
import type { Floors } from '../../rumor/floors.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import { ENTRY_BYTES, type Shard } from '../../shard/shard.ts'

const BRINGS_AT_ONCE = 4
/** Of all pinned files together: to look at more would take too long. */
const BLOCKS_MAX = 65_536
/** What failed is tried again after this. A state that is gone is not: another one will be told of. */
const TRY_AGAIN_MS = 5_000

export type PinHolderInit = {
  readonly clock: Clock
  readonly counters: Counters
  readonly table: PeerTable
  readonly floors: Floors
  readonly shard: Shard
  readonly fetcher: Fetcher
  readonly pins: PinList
  /** Undefined where the volume is not here. */
  readonly blockBytesOf: (volume: string) => number | undefined
}

/** A block of a pinned file. */
type Part = {
  readonly key: Key
  readonly want: Want
  readonly bytes: number
  readonly copies: number
}

export class PinHolder {
  readonly #init: PinHolderInit
  readonly #stopping = new AbortController()
  /** This node's part, the hottest first. */
  #wants = new Map<Key, Want>()
  #plannedFor = ''
  #underway = 0
  /** Of which state of a block, and until when it is not tried again. */
  readonly #tried = new Map<Key, { readonly version: number; readonly untilMs: number }>()

  constructor(init: PinHolderInit) {
    this.#init = init
  }

  /** Blocks that this node is to hold. */
  get blocks(): number {
    return this.#wants.size
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Works out what is this node's to hold, where that may have changed, and brings what is missing. */
  tend(): void {
    const { pins, table, shard } = this.#init
    const state = `${pins.changes} ${table.changes}`
    if (state !== this.#plannedFor) {
      this.#plannedFor = state
      this.#wants = this.#plan()
      for (const key of this.#tried.keys()) if (!this.#wants.has(key)) this.#tried.delete(key)
      shard.pin(new Set(this.#wants.keys()))
    }
    this.#bringMissing()
  }

  #plan(): Map<Key, Want> {
    const { shard, table, counters } = this.#init
    const wants = new Map<Key, Want>()
    const own: Part[] = []
    const helping: Part[] = []
    for (const part of this.#parts()) {
      if (table.isHome(part.key)) own.push(part)
      else if (table.isAmongClosest(part.key, part.copies)) helping.push(part)
    }
    let room = shard.pinCapacityBytes
    for (const { key, want, bytes } of [...own, ...helping]) {
      if (wants.has(key)) continue
      if (bytes > room) {
        counters.add('pins_without_room_total')
        continue
      }
      room -= bytes
      wants.set(key, want)
    }
    return wants
  }

  /** All blocks of all pinned files, those of the most important ones first. */
  *#parts(): Generator<Part> {
    let looked = 0
    for (const pin of this.#init.pins.all()) {
      for (const part of this.#blocksOf(pin)) {
        looked += 1
        if (looked > BLOCKS_MAX) return
        yield part
      }
    }
  }

  *#blocksOf(pin: Pin): Generator<Part> {
    const { volume, inode, path, version, size, copies, floor } = pin
    const blockBytes = this.#init.blockBytesOf(volume)
    if (blockBytes === undefined) return
    const at = { volume, inode, kind: 'data', splits: 0 } as const
    for (let index = 0; index * blockBytes < size; index++) {
      const bytes = Math.min(blockBytes, size - index * blockBytes) + ENTRY_BYTES
      const want: Want = { ...at, index, path, version, floor, reach: 'climb' }
      yield { key: keyOf(want), want, bytes, copies }
    }
  }

  #bringMissing(): void {
    const { fetcher, clock, floors } = this.#init
    const now = clock.now()
    for (const [key, want] of this.#wants) {
      if (this.#underway >= BRINGS_AT_ONCE || this.#stopping.signal.aborted) return
      // To ask for a state that is gone would cost a read of the source; its keeper soon tells of another.
      if (floors.floor(want.volume, want.inode) > want.floor) continue
      const tried = this.#tried.get(key)
      if (tried !== undefined && tried.version === want.version && now < tried.untilMs) continue
      if (fetcher.peek(want, key) !== undefined) continue
      this.#tried.set(key, { version: want.version, untilMs: now + TRY_AGAIN_MS })
      void this.#bring(want, key)
    }
  }

  async #bring(want: Want, key: Key): Promise<void> {
    const { fetcher, counters } = this.#init
    const { signal } = this.#stopping
    this.#underway += 1
    try {
      const { type } = (await fetcher.fetch(want, { signal })).answer
      counters.add(type === 'block' ? 'pins_brought_total' : 'pins_outdated_total')
      if (type !== 'block') this.#tried.set(key, { version: want.version, untilMs: Infinity })
    } catch {
      // A file that can't be read now is tried again.
      counters.add('pins_failed_total')
    } finally {
      this.#underway -= 1
    }
    if (!signal.aborted) this.#bringMissing()
  }
}
