// The known peers, sorted by position, and the one question of the read path: whom to ask next.
//
// Sorted, because all peers that share a prefix with a key then lie side by side and are found by two
// binary searches; asking the routing table itself costs milliseconds at hundreds of peers.
// It must never answer with a peer that is not strictly closer to the key than this node: progress
// by distance is what makes every fetch end.
import type { Key, PeerId } from '../ports/messages.ts'
import type { Contact } from '../ports/routing.ts'
import { commonPrefixBits, compareDistance, comparePrefix, KEY_BITS } from './distance.ts'

/** How many bits of a key's prefix one hop should gain; 2 measured best (DESIGN 4). */
export const PREFIX_BITS_A_HOP = 2
/**
 * Of how many peers of one prefix a node asks the one that has least to do for it. One peer each for all the
 * keys of a prefix falls to some of them several times over; who waits for a busy one learns of it
 * by what is outstanding there. While nothing is, it is always the first: connections are dear.
 */
export const CHOICES = 4

/**
 * So many peers are asked in turn for the keys of one prefix while nobody has anything to do: with one
 * alone, what a node has to send depends on how many others happened to choose it for what is hot.
 */
const TURNS = 2
/**
 * From so many copies on a key is asked for at one of those who keep them, at once: the way there would
 * lead past peers that have to fetch it themselves. Below, the connections that it takes are too dear.
 */
const STRAIGHT_COPIES = 4

/** How much a peer has to do for this node now. */
export type LoadOf = (peer: PeerId) => number

/** What is known of a key and of those who may be asked for it. */
export type Known = {
  readonly loadOf?: LoadOf
  /** So many of the peers closest to the key keep a copy of it. @default 1 */
  readonly copies?: number
}

type Picking = Known & { readonly tried: ReadonlySet<PeerId> | undefined }

type Range = { readonly from: number; readonly to: number }

export class PeerTable {
  readonly self: Contact
  readonly #contacts: Contact[] = []
  readonly #bits: number
  readonly #choices: number
  #changes = 0

  constructor(self: Contact, prefixBits: number = PREFIX_BITS_A_HOP, choices: number = CHOICES) {
    this.self = self
    this.#bits = prefixBits
    this.#choices = choices
  }

  get size(): number {
    return this.#contacts.length
  }

  /** Grows with each peer that comes or goes. */
  get changes(): number {
    return this.#changes
  }

  add(contact: Contact): void {
    if (contact.peer === this.self.peer) return
    const at = this.#lowerBound(contact.position, KEY_BITS)
    if (this.#contacts[at]?.peer === contact.peer) return
    this.#contacts.splice(at, 0, contact)
    this.#changes += 1
  }

  remove(contact: Contact): void {
    const at = this.#lowerBound(contact.position, KEY_BITS)
    if (this.#contacts[at]?.peer !== contact.peer) return
    this.#contacts.splice(at, 1)
    this.#changes += 1
  }

  has(contact: Contact): boolean {
    return this.#contacts[this.#lowerBound(contact.position, KEY_BITS)]?.peer === contact.peer
  }

  /** No known peer is closer to the key than this node. */
  isHome(key: Key): boolean {
    return this.nextHop(key) === undefined
  }

  /**
   * A peer strictly closer to the key than this node, not among `tried`; undefined where none is
   * left. Preferred: one that gains the configured number of prefix bits, a different one for
   * different askers, so that a home does not feed everybody itself; of a few such the least loaded.
   * Of a key with many copies one of those who keep them.
   */
  nextHop(key: Key, tried?: ReadonlySet<PeerId>, known: Known = {}): Contact | undefined {
    const { copies = 1 } = known
    const keeper = copies < STRAIGHT_COPIES ? undefined : this.#keeper(key, { tried, ...known })
    if (keeper !== undefined) return keeper
    const own = commonPrefixBits(this.self.position, key)
    for (let gain = this.#bits; gain > 0; gain--) {
      if (own + gain > KEY_BITS) continue
      const found = this.#pick(key, own + gain, { tried, ...known })
      if (found !== undefined) return found
    }
    return this.#closest(key, own, tried)
  }

  /** The `count` known peers closest to the key, closest first, self not among them. */
  closest(key: Key, count: number): Contact[] {
    let bits = KEY_BITS
    let range: Range = { from: 0, to: 0 }
    // Widen the prefix until enough peers share it: all that share more bits are closer.
    for (bits = KEY_BITS; bits >= 0; bits--) {
      range = this.#range(key, bits)
      if (range.to - range.from >= count) break
    }
    return this.#contacts
      .slice(range.from, range.to)
      .sort((a, b) => compareDistance(key, a.position, b.position))
      .slice(0, count)
  }

  /** Whether this node is one of the `count` closest to the key: in the innermost part of its tree. */
  isAmongClosest(key: Key, count: number): boolean {
    if (count <= 1) return count === 1 && this.isHome(key)
    const last = this.closest(key, count)[count - 1]
    return last === undefined || compareDistance(key, this.self.position, last.position) < 0
  }

  /** Undefined where this node is one of them, too. */
  #keeper(key: Key, picking: Picking): Contact | undefined {
    const near = this.closest(key, picking.copies ?? 1)
    const last = near.at(-1)
    if (last === undefined) return undefined
    if (compareDistance(key, last.position, this.self.position) >= 0) return undefined
    const start = spread(this.self.position, key, KEY_BITS)
    return this.#leastLoaded(near, { from: 0, to: near.length, start }, picking)
  }

  #pick(key: Key, bits: number, picking: Picking): Contact | undefined {
    const start = spread(this.self.position, key, bits) + (key.charCodeAt(31) % TURNS)
    return this.#leastLoaded(this.#contacts, { ...this.#range(key, bits), start }, picking)
  }

  /** Of the first few from `start` on, round about. */
  #leastLoaded(
    contacts: readonly Contact[],
    { from, to, start }: Range & { readonly start: number },
    { tried, loadOf }: Picking,
  ): Contact | undefined {
    const width = to - from
    let [best, least, choices]: [Contact | undefined, number, number] = [undefined, Infinity, 0]
    for (let i = 0; i < width && choices < this.#choices && least > 0; i++) {
      const contact = contacts[from + ((start + i) % width)]
      if (contact === undefined || tried?.has(contact.peer) === true) continue
      const load = loadOf?.(contact.peer) ?? 0
      if (load < least) [best, least] = [contact, load]
      choices += 1
    }
    return best
  }

  #closest(key: Key, bits: number, tried?: ReadonlySet<PeerId>): Contact | undefined {
    const { from, to } = this.#range(key, bits)
    let best: Contact | undefined
    let bestPosition = this.self.position
    for (let i = from; i < to; i++) {
      const contact = this.#contacts[i]
      if (contact === undefined || tried?.has(contact.peer) === true) continue
      if (compareDistance(key, contact.position, bestPosition) >= 0) continue
      best = contact
      bestPosition = contact.position
    }
    return best
  }

  #range(key: Key, bits: number): Range {
    return { from: this.#lowerBound(key, bits), to: this.#upperBound(key, bits) }
  }

  #lowerBound(key: Key, bits: number): number {
    let low = 0
    let high = this.#contacts.length
    while (low < high) {
      const middle = (low + high) >> 1
      const contact = this.#contacts[middle] as Contact
      if (comparePrefix(contact.position, key, bits) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #upperBound(key: Key, bits: number): number {
    let low = 0
    let high = this.#contacts.length
    while (low < high) {
      const middle = (low + high) >> 1
      const contact = this.#contacts[middle] as Contact
      if (comparePrefix(contact.position, key, bits) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A small hash of (self, prefix): askers with the same prefix go to different peers. */
function spread(self: Key, key: Key, bits: number): number {
  let mixed = bits
  for (let i = 0; i < 4; i++) mixed = Math.imul(mixed ^ self.charCodeAt(31 - i), 0x01000193)
  for (let i = 0; i <= bits >> 3 && i < 32; i++) {
    mixed = Math.imul(mixed ^ (key.charCodeAt(i) >> Math.max(0, 8 - (bits - i * 8))), 0x01000193)
  }
  return (mixed ^ (mixed >>> 15)) >>> 0
}
