// What a home has no room for, a peer keeps for it. Homes are not alike: a peer that stands alone in its
// part of the key space is home to several times as many blocks as others, and while its RAM overflows,
// theirs is half empty. So a block that a home has to let go is given to a peer with room, near its key
// or elsewhere; the home remembers to whom, and asks there before it asks the source. A data set that fits
// the mesh stays in the mesh.
//
// It must never wait: eviction goes on at once, and a block that nobody takes is gone. Nor may it believe
// more than a fetch does: what comes back, and what is kept for others, is judged like any peer's answer.
import type { Clock } from '../../ports/clock.ts'
import {
  type Answer,
  type Block,
  type Identity,
  type Key,
  NAMES_ONLY,
  type PeerId,
  type Want,
} from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import { keyOf, positionOf } from '../../block/key.ts'
import type { StopSignal } from '../../base/abort.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { SourceAnswer } from '../../authority/directory-authority.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import type { Floors } from '../../rumor/floors.ts'
import type { Shard } from '../../shard/shard.ts'
import { MAX_WRITE_BYTES } from '../../wire/limits.ts'
import { type Asked, isGood, isUsable, type JudgePorts } from '../verify.ts'

/** Blocks that others keep for this node. */
const LENT_MAX = 65_536
/** Peers near a place that may be asked, and how many of them for one block. */
const NEIGHBOURS = 16
const TRIES = 3
/** Who keeps a block may have lent it on, and so on. */
const HOPS_MAX = 4
/** Who has no room is not asked again for this long. */
const FULL_MS = 2_000
const FULL_MAX = 8 * NEIGHBOURS
/** On their way to others at a time, besides what the shard holds. */
const UNDERWAY_BYTES = 8 * MAX_WRITE_BYTES

export type LendingPorts = JudgePorts & {
  readonly clock: Clock
  readonly network: Network
  readonly table: PeerTable
  readonly shard: Shard
  readonly floors: Floors
}

export class Lending {
  readonly #ports: LendingPorts
  /** Who keeps what, the oldest first. */
  readonly #lent = new Map<Key, PeerId>()
  /** The soonest first. */
  readonly #fullUntilMs = new Map<PeerId, number>()
  #underwayBytes = 0

  constructor(ports: LendingPorts) {
    this.#ports = ports
  }

  /** Who keeps it, if somebody does: then this node's own copy is not the mesh's one. */
  to(key: Key): PeerId | undefined {
    return this.#lent.get(key)
  }

  /** The shard had to let this go. */
  evicted(key: Key, block: Block, of: Identity): void {
    // What is out of date is of no use to anyone, and nobody would take it.
    if (!isUsable(block, this.#wantedAs(of, block))) return
    const { length } = block.bytes
    const isTooMuch = this.#underwayBytes + length > UNDERWAY_BYTES || length > MAX_WRITE_BYTES
    if (isTooMuch) return this.#ports.counters.add('lending_declined_total')
    this.#underwayBytes += length
    void this.#lend(key, block, of).finally(() => (this.#underwayBytes -= length))
  }

  /** What a peer keeps for this node, if it is good. @throws PotluckError ABORTED */
  async bring(key: Key, want: Want, signal: StopSignal): Promise<SourceAnswer | undefined> {
    const { counters } = this.#ports
    let peer = this.#lent.get(key)
    if (peer === undefined) return undefined
    for (let hops = 0; hops < HOPS_MAX && peer !== undefined; hops++) {
      // Who had to let it go, too, says to whom.
      const answer = await this.#ask(peer, want, signal)
      if (answer?.type === 'block' && isGood(answer.block, want, this.#ports)) {
        counters.add('lending_returned_total')
        this.#lent.set(key, peer)
        return answer
      }
      peer = answer?.type === 'busy' ? answer.referrals[0] : undefined
    }
    counters.add('lending_lost_total')
    this.#lent.delete(key)
    return undefined
  }

  async #ask(peer: PeerId, want: Want, signal: StopSignal): Promise<Answer | undefined> {
    const held: Want = { ...want, reach: 'held' }
    try {
      const reply = await this.#ports.network.request(
        peer,
        { type: 'want', want: held },
        { signal },
      )
      return reply.type === 'answer' ? reply.answer : undefined
    } catch (error) {
      if (signal.aborted) throw error
      return undefined
    }
  }

  /** Takes a block in for a peer. @throws PotluckError CORRUPT; BUSY where there is no room */
  keep(of: Identity, block: Block): void {
    const { shard, counters } = this.#ports
    if (!isGood(block, this.#wantedAs(of, block), this.#ports)) {
      throw new PotluckError('CORRUPT', 'what shall be kept is damaged, or out of date')
    }
    // By a key of our own making: under another's name a page would be taken for data unchecked.
    if (!shard.adopt(keyOf(of), block, of)) {
      throw new PotluckError('BUSY', 'there is no room for it here')
    }
    counters.add('lending_kept_total')
  }

  /** As if this node had asked for it, of whatever version it is. */
  #wantedAs(of: Identity, { version }: Block): Asked {
    return {
      ...of,
      version,
      name: NAMES_ONLY,
      floor: this.#ports.floors.floor(of.volume, of.inode),
    }
  }

  async #lend(key: Key, block: Block, of: Identity): Promise<void> {
    const { clock, table, counters } = this.#ports
    const hasRoom = (peer: PeerId) => (this.#fullUntilMs.get(peer) ?? 0) <= clock.now()
    for (const place of placesOf(key)) {
      const near = table.closest(place, NEIGHBOURS).filter(({ peer }) => hasRoom(peer))
      for (const { peer } of near.slice(0, TRIES)) {
        if (await this.#offer(peer, block, of)) return this.#remember(key, peer)
      }
    }
    counters.add('lending_declined_total')
  }

  /** @returns whether it is kept there */
  async #offer(peer: PeerId, block: Block, of: Identity): Promise<boolean> {
    try {
      await this.#ports.network.request(peer, { type: 'keep', of, block })
      return true
    } catch (error) {
      // What is wrong with this block says nothing of the room for others.
      if (codeOf(error) !== 'CORRUPT') this.#passOver(peer)
      return false
    }
  }

  #passOver(peer: PeerId): void {
    this.#fullUntilMs.delete(peer)
    this.#fullUntilMs.set(peer, this.#ports.clock.now() + FULL_MS)
    const [soonest] = this.#fullUntilMs.keys()
    if (this.#fullUntilMs.size > FULL_MAX && soonest !== undefined) {
      this.#fullUntilMs.delete(soonest)
    }
  }

  #remember(key: Key, peer: PeerId): void {
    this.#ports.counters.add('lending_lent_total')
    this.#lent.delete(key)
    this.#lent.set(key, peer)
    const [oldest] = this.#lent.keys()
    if (this.#lent.size > LENT_MAX && oldest !== undefined) this.#lent.delete(oldest)
  }
}

/**
 * Where to look for room, in this order: near the key, then elsewhere. A part of the key space may have
 * fewer peers than its share of the blocks, and then all near the key are as full as the home.
 */
function placesOf(key: Key): readonly Key[] {
  return [key, positionOf(`lent ${key}`), positionOf(`lent again ${key}`)]
}
