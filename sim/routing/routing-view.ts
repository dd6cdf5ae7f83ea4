// What one node knows of the others: its Kademlia table.
import type { Key, PeerId } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Contact, RoutingListener } from '../../src/ports/routing.ts'
import { commonPrefixBits, comparePrefix, KEY_BITS } from '../../src/placement/distance.ts'
import { below, pickSome } from '../engine/draws.ts'
import { ContactList } from './contact-list.ts'

export type RoutingViewInit = {
  readonly self: Contact
  /** All living nodes, sorted by position, self among them. */
  readonly living: () => readonly Contact[]
  /** Infinity: everybody is known. */
  readonly bucketSize: number
  /** Far buckets are split into as many as there are prefixes of so many bits. */
  readonly splitBits: number
  readonly random: Random
}

type Filling = {
  readonly isReachable: (contact: Contact) => boolean
  /** Nothing was in any bucket before, so nothing is counted. */
  readonly isEmpty: boolean
}

type Range = { readonly from: number; readonly to: number }

export class RoutingView {
  readonly self: Contact
  readonly #init: RoutingViewInit
  readonly #known = new ContactList()
  readonly #listeners = new Set<RoutingListener>()

  constructor(init: RoutingViewInit) {
    this.self = init.self
    this.#init = init
  }

  contacts(): readonly Contact[] {
    return this.#known.all().slice()
  }

  find(peer: PeerId): Contact | undefined {
    return this.#known.all().find((contact) => contact.peer === peer)
  }

  subscribe(listener: RoutingListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes a newcomer in, where its bucket has room. */
  meet(contact: Contact): void {
    if (contact === this.self || this.#known.has(contact)) return
    const known = this.#known.at(contact.position)
    if (known !== undefined) this.#drop(known)
    if (this.#countBeside(contact) < this.#init.bucketSize) this.#add(contact)
  }

  /**
   * Drops a dead peer, and draws another in its place. That it has ended for certain may become known
   * after it was dropped for its silence.
   */
  lose(contact: Contact, isGone = false): void {
    const isKnown = this.#known.has(contact)
    if (isKnown || isGone) this.#drop(contact, isGone)
    if (!isKnown) return
    if (this.#init.bucketSize === Infinity) return
    this.#fill(this.#rangeAround(contact), {
      isReachable: (candidate) => candidate.peer !== contact.peer,
      isEmpty: false,
    })
  }

  /** Drops all that can't be reached, and fills the buckets anew. */
  refresh(isReachable: (contact: Contact) => boolean): void {
    for (const contact of this.#known.all().slice()) if (!isReachable(contact)) this.#drop(contact)
    const isEmpty = this.#known.size === 0
    const all = { from: 0, to: this.#init.living().length }
    let [near, bucket]: [Range, Range] = [all, all]
    for (let bit = 0; near.to - near.from > 1 && bit < KEY_BITS; bit++) {
      ;[near, bucket] = this.#split(near, bit)
      this.#fillAll(bucket, bit + 1, { isReachable, isEmpty })
    }
  }

  /** A far bucket is split as far as kad-dht splits it, where it has more than fit into one. */
  #fillAll(range: Range, bit: number, how: Filling): void {
    const { bucketSize, splitBits } = this.#init
    if (bit >= splitBits || range.to - range.from <= bucketSize) {
      return this.#fill(range, how)
    }
    for (const half of this.#split(range, bit)) this.#fillAll(half, bit + 1, how)
    return undefined
  }

  /** The part of a range that shares this node's bit, and the part that does not: the bucket. */
  #split(range: Range, bit: number): [Range, Range] {
    const living = this.#init.living()
    let low = range.from
    let high = range.to
    while (low < high) {
      const middle = (low + high) >> 1
      if (bitOf((living[middle] as Contact).position, bit) === 0) low = middle + 1
      else high = middle
    }
    const [zeros, ones] = [
      { from: range.from, to: low },
      { from: low, to: range.to },
    ]
    return bitOf(this.self.position, bit) === 0 ? [zeros, ones] : [ones, zeros]
  }

  /** Those living who share a bucket with a peer. */
  #rangeAround({ position }: Contact): Range {
    const bits = this.#bucketBits(position)
    let range: Range = { from: 0, to: this.#init.living().length }
    for (let bit = 0; bit < bits; bit++) {
      const [same, other] = this.#split(range, bit)
      range = bitOf(position, bit) === bitOf(this.self.position, bit) ? same : other
    }
    return range
  }

  /** By how many bits of its position a peer's bucket is named. */
  #bucketBits(position: Key): number {
    return Math.max(this.#init.splitBits, commonPrefixBits(this.self.position, position) + 1)
  }

  #fill(range: Range, { isReachable, isEmpty }: Filling): void {
    const living = this.#init.living()
    const { bucketSize, random } = this.#init
    const width = range.to - range.from
    // In a wide bucket a few draws find what a narrow one must be searched for.
    const isWide = width > 4 * bucketSize
    const candidates = isWide
      ? Array.from({ length: 2 * bucketSize }, () => living[range.from + below(random, width)])
      : pickSome(random, living.slice(range.from, range.to), width)
    let room = bucketSize - (isEmpty || bucketSize === Infinity ? 0 : this.#countIn(range))
    for (const candidate of candidates) {
      if (room <= 0) return
      if (candidate === undefined || this.#known.has(candidate) || !isReachable(candidate)) continue
      this.#add(candidate)
      room -= 1
    }
  }

  #countIn(range: Range): number {
    const first = this.#init.living()[range.from]
    const last = this.#init.living()[range.to - 1]
    if (first === undefined || last === undefined) return 0
    return this.#known.countBetween(first.position, last.position)
  }

  /** How many are known in a peer's bucket. */
  #countBeside({ position }: Contact): number {
    if (this.#init.bucketSize === Infinity) return 0
    const bits = this.#bucketBits(position)
    const isBeside = (known: Contact) => comparePrefix(known.position, position, bits) === 0
    return this.#known.all().filter(isBeside).length
  }

  #add(contact: Contact): void {
    this.#known.add(contact)
    for (const listener of this.#listeners) listener.joined(contact)
  }

  #drop(contact: Contact, isGone = false): void {
    this.#known.delete(contact)
    for (const listener of this.#listeners) listener.left(contact, isGone)
  }
}

function bitOf(key: Key, bit: number): number {
  return (key.charCodeAt(bit >> 3) >> (7 - (bit & 7))) & 1
}
