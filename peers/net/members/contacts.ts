import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Key, PeerId } from '../../../src/ports/messages.ts'
import { compareDistance } from '../../../src/placement/distance.ts'
import type { Contact, RoutingListener } from '../../../src/ports/routing.ts'

/** Contacts kept at most; a peer that knows so many has no need of more. */
const MAX_CONTACTS = 16_384
/** Hearsay of a peer that was found dead is ignored for so long: others may still believe in it. */
const DEPARTED_MS = 10_000
const MAX_DEPARTED = 4_096

export type KnownContact = { readonly contact: Contact; readonly addresses: readonly string[] }

/** A peer's place in the key space: `sha256` of its id's bytes, where kad-dht puts it too. */
export function positionOf(peer: PeerId): Key {
  const { bytes } = peerIdFromString(peer).toMultihash()
  return createHash('sha256').update(bytes).digest().toString('latin1')
}

/** The peers believed alive, with the addresses at which they may be reached. */
export class Contacts {
  readonly self: Contact
  readonly #known = new Map<PeerId, KnownContact>()
  readonly #departed = new Map<PeerId, number>()
  readonly #listeners = new Set<RoutingListener>()
  #list: readonly Contact[] | undefined
  /** The exclusive or of the first 32 bits of all positions, our own among them. */
  #hash: number

  constructor(self: PeerId) {
    this.self = { peer: self, position: positionOf(self) }
    this.#hash = first32Bits(this.self.position)
  }

  /** Equal for two peers that know the same ones, themselves included. */
  get hash(): number {
    return this.#hash >>> 0
  }

  get size(): number {
    return this.#known.size
  }

  has(peer: PeerId): boolean {
    return this.#known.has(peer)
  }

  addressesOf(peer: PeerId): readonly string[] {
    return this.#known.get(peer)?.addresses ?? []
  }

  all(): readonly Contact[] {
    this.#list ??= [...this.#known.values()].map(({ contact }) => contact)
    return this.#list
  }

  known(): Iterable<KnownContact> {
    return this.#known.values()
  }

  /** Heard of from another peer: believed, unless it was found dead a moment ago. */
  hear(peer: PeerId, addresses: readonly string[]): boolean {
    const departed = this.#departed.get(peer)
    if (departed !== undefined && Date.now() - departed < DEPARTED_MS) return false
    return this.meet(peer, addresses)
  }

  /** Met in person. Newer addresses replace older ones. True if it was not known. */
  meet(peer: PeerId, addresses: readonly string[]): boolean {
    if (peer === this.self.peer) return false
    const known = this.#known.get(peer)
    if (known !== undefined) {
      if (addresses.length > 0) this.#known.set(peer, { contact: known.contact, addresses })
      return false
    }
    if (this.#known.size >= MAX_CONTACTS) return false
    this.#departed.delete(peer)
    const contact = { peer, position: positionOf(peer) }
    this.#known.set(peer, { contact, addresses })
    this.#list = undefined
    this.#hash ^= first32Bits(contact.position)
    for (const listener of this.#listeners) listener.joined(contact)
    return true
  }

  /** `isGone`: it has ended for certain. True if it was known. */
  depart(peer: PeerId, isGone = false): boolean {
    const known = this.#known.get(peer)
    if (known === undefined) return false
    this.#known.delete(peer)
    this.#list = undefined
    this.#hash ^= first32Bits(known.contact.position)
    // The oldest goes first: a Map keeps the order of insertion.
    if (this.#departed.size >= MAX_DEPARTED) {
      for (const oldest of this.#departed.keys()) {
        this.#departed.delete(oldest)
        break
      }
    }
    this.#departed.set(peer, Date.now())
    for (const listener of this.#listeners) listener.left(known.contact, isGone)
    return true
  }

  subscribe(listener: RoutingListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The contacts closest to a key by XOR distance, ourselves not among them, closest first. */
  closest(key: Key, count: number): readonly KnownContact[] {
    return [...this.#known.values()]
      .sort((a, b) => compareDistance(key, a.contact.position, b.contact.position))
      .slice(0, count)
  }
}

function first32Bits(position: Key): number {
  return Buffer.from(position.slice(0, 4), 'latin1').readInt32LE(0)
}
