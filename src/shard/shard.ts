// This node's RAM: blocks by key under a byte bound that holds at every moment.
//
// Eviction is S3-FIFO (Yang et al., SOSP 2023): newcomers pass through a small queue, and only those
// asked for again reach the main one, so that one scan of a large tree does not wash out what is hot.
// On top of it comes the mesh's rule: a block of which this node is the home goes last, because the
// homes' copies together are the mesh's one copy. It holds as long as the others, the guests, have
// more than a tenth: where homes alone fill the shard, as on a single node, they compete as equals.
// What is pinned is not in those queues at all, and never evicted; it has a bound of its own below the
// shard's, past which a pin is not heeded.
// It must never hold more bytes than its capacity, nor keep a slice that pins a larger buffer.
import assert from 'node:assert/strict'
import type { Block, Identity, Key } from '../ports/messages.ts'
import { compact, identityOf, oldest, type Queue, type Slot } from './slots.ts'

/** What an entry costs besides its bytes: key, slot, whose it is, map nodes, buffer header (measured). */
export const ENTRY_BYTES = 600

const SMALL_SHARE = 0.1
const GHOSTS_MAX = 65_536
const FREQUENCY_MAX = 3
/** How many home copies in the main queue one eviction may spare before it takes what comes. */
const REPRIEVES = 32

export type ShardInit = {
  readonly capacityBytes: number
  /** The most of them that pinned blocks may have. @default 0 */
  readonly pinCapacityBytes?: number
  /** Whether this node is the closest to the key. */
  readonly isHome: (key: Key) => boolean
  /** A copy that this node was to keep had to go. Must not call back. @default it is gone */
  readonly onHomeEvicted?: ((key: Key, block: Block, of: Identity) => void) | undefined
}

export class Shard {
  readonly capacityBytes: number
  readonly pinCapacityBytes: number
  readonly #init: ShardInit
  readonly #small: Queue = new Map()
  readonly #main: Queue = new Map()
  readonly #ghosts = new Set<Key>()
  /** To be kept once they are here; and those that are. */
  #pins: ReadonlySet<Key> = new Set()
  readonly #pinned: Queue = new Map()
  #smallBytes = 0
  #mainBytes = 0
  #pinnedBytes = 0
  /** Bytes of which another node is the home, as far as was noticed: homes move with the peers. */
  #guestBytes = 0
  #evictions = 0

  constructor(init: ShardInit) {
    assert(init.capacityBytes > 0)
    this.capacityBytes = init.capacityBytes
    this.pinCapacityBytes = init.pinCapacityBytes ?? 0
    assert(this.pinCapacityBytes < this.capacityBytes, 'room must be left beside the pins')
    this.#init = init
  }

  get usedBytes(): number {
    return this.#smallBytes + this.#mainBytes + this.#pinnedBytes
  }

  get blocks(): number {
    return this.#small.size + this.#main.size + this.#pinned.size
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes
  }

  isPinned(key: Key): boolean {
    return this.#pinned.has(key)
  }

  /** From now on these blocks are kept while they are here, and no others: those may be evicted again. */
  pin(keys: ReadonlySet<Key>): void {
    this.#pins = keys
    for (const [key, slot] of this.#pinned) {
      if (keys.has(key)) continue
      this.#leave(key, slot)
      if (slot.isGuest) this.#guestBytes += slot.size
      this.#insertMain(key, slot)
    }
    for (const key of keys) this.#keep(key)
  }

  get evictions(): number {
    return this.#evictions
  }

  get(key: Key): Block | undefined {
    const slot = this.#slot(key)
    if (slot === undefined) return undefined
    if (slot.frequency < FREQUENCY_MAX) slot.frequency += 1
    return slot.block
  }

  /** Whether a block is here, without counting as a use of it. */
  has(key: Key): boolean {
    return this.#slot(key) !== undefined
  }

  /**
   * Takes a block in, evicting others; one too large for the shard is not kept, nor one that came
   * too late, after a newer state of the same version.
   */
  admit(key: Key, block: Block, of: Identity): void {
    this.#put(key, block, { of, adopts: false })
  }

  /** Takes a block in for its home, which has no room. @returns false where there is none here, too */
  adopt(key: Key, block: Block, of: Identity): boolean {
    const size = block.bytes.length + ENTRY_BYTES
    const free = this.#evictableBytes * (1 - SMALL_SHARE) - this.#smallBytes - this.#mainBytes
    if (free + this.#guestBytes < size) return false
    this.#put(key, block, { of, adopts: true })
    return true
  }

  #put(key: Key, block: Block, { of, adopts }: { of: Identity; adopts: boolean }): void {
    const before = this.#slot(key)
    const isAdopted = adopts || before?.isAdopted === true
    if (before !== undefined) {
      before.isAdopted = isAdopted
      const { version, stamp } = before.block
      if (version === block.version && stamp > block.stamp) return
      this.#leave(key, before)
    }
    const size = block.bytes.length + ENTRY_BYTES
    if (size > this.capacityBytes - this.#pinnedBytes) return
    while (this.usedBytes + size > this.capacityBytes) this.#evictOne()
    const isGuest = !isAdopted && !this.#init.isHome(key)
    const kept = compact(block)
    const slot: Slot = { block: kept, of: identityOf(of), frequency: 0, size, isGuest, isAdopted }
    if (isGuest) this.#guestBytes += size
    if (this.#ghosts.delete(key)) this.#insertMain(key, slot)
    else this.#insertSmall(key, slot)
    this.#keep(key)
  }

  #leave(key: Key, slot: Slot): void {
    if (this.#pinned.delete(key)) {
      this.#pinnedBytes -= slot.size
      return
    }
    if (this.#small.delete(key)) this.#smallBytes -= slot.size
    else if (this.#main.delete(key)) this.#mainBytes -= slot.size
    if (slot.isGuest) this.#guestBytes -= slot.size
  }

  /** What there is for all that is not pinned. */
  get #evictableBytes(): number {
    return this.capacityBytes - this.#pinnedBytes
  }

  #slot(key: Key): Slot | undefined {
    const slot = this.#small.get(key) ?? (this.#main.size > 0 ? this.#main.get(key) : undefined)
    // Most shards have nothing pinned, and many nothing evicted.
    return slot ?? (this.#pinned.size > 0 ? this.#pinned.get(key) : undefined)
  }

  /** Out of eviction's way, where it shall be and there is room for that. */
  #keep(key: Key): void {
    if (!this.#pins.has(key) || this.#pinned.has(key)) return
    const slot = this.#slot(key)
    if (slot === undefined || this.#pinnedBytes + slot.size > this.pinCapacityBytes) return
    this.#leave(key, slot)
    this.#pinned.set(key, slot)
    this.#pinnedBytes += slot.size
  }

  #insertSmall(key: Key, slot: Slot): void {
    this.#small.set(key, slot)
    this.#smallBytes += slot.size
  }

  #insertMain(key: Key, slot: Slot): void {
    this.#main.set(key, slot)
    this.#mainBytes += slot.size
  }

  #evictOne(): void {
    const reprieves = { left: REPRIEVES }
    for (;;) {
      const isSmallFull = this.#smallBytes > this.#evictableBytes * SMALL_SHARE
      const isDone =
        isSmallFull || this.#main.size === 0
          ? this.#evictFromSmall()
          : this.#evictFromMain(reprieves)
      if (isDone) return
    }
  }

  /** Moves the oldest newcomer on to the main queue, or out. True where bytes came free. */
  #evictFromSmall(): boolean {
    const [key, slot] = oldest(this.#small)
    this.#small.delete(key)
    this.#smallBytes -= slot.size
    // A reprieve of any number here: each block is moved on but once.
    const isKept = slot.frequency > 0 || this.#isFavoured(key, slot)
    if (!isKept) return this.#drop(key, slot)
    slot.frequency = 0
    this.#insertMain(key, slot)
    return false
  }

  #evictFromMain(reprieves: { left: number }): boolean {
    const [key, slot] = oldest(this.#main)
    this.#main.delete(key)
    const isKept = slot.frequency > 0 || (reprieves.left > 0 && this.#isFavoured(key, slot))
    if (!isKept) {
      this.#mainBytes -= slot.size
      return this.#drop(key, slot)
    }
    if (slot.frequency === 0) reprieves.left -= 1
    slot.frequency = Math.max(0, slot.frequency - 1)
    this.#main.set(key, slot)
    return false
  }

  /** A home copy while there are guests to go instead. */
  #isFavoured(key: Key, slot: Slot): boolean {
    const isGuest = !slot.isAdopted && !this.#init.isHome(key)
    if (isGuest !== slot.isGuest) this.#guestBytes += isGuest ? slot.size : -slot.size
    slot.isGuest = isGuest
    return !isGuest && this.#guestBytes > this.#evictableBytes * SMALL_SHARE
  }

  #drop(key: Key, slot: Slot): true {
    this.#evictions += 1
    if (slot.isGuest) this.#guestBytes -= slot.size
    else this.#init.onHomeEvicted?.(key, slot.block, slot.of)
    this.#ghosts.add(key)
    if (this.#ghosts.size > GHOSTS_MAX) {
      const [first] = this.#ghosts
      if (first !== undefined) this.#ghosts.delete(first)
    }
    return true
  }
}
