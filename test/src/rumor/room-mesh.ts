// A few rumor rooms over a network that does whatever a test wants of it: gossip may be lost, told
// twice and overtaken, peers may be dead.
import { Counters } from '../../../src/base/counters.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { HybridClock } from '../../../src/block/stamp.ts'
import type { Gossip, PeerId, Request } from '../../../src/ports/messages.ts'
import { Floors } from '../../../src/rumor/floors.ts'
import { RumorRoom } from '../../../src/rumor/rumor-room.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

export const VOLUME = 'v'

/** Milliseconds until each copy arrives; [] is a loss. */
export type Fate = (gossip: Gossip, to: PeerId) => readonly number[]

export type Member = {
  readonly peer: PeerId
  readonly room: RumorRoom
  readonly floors: Floors
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly asked: { readonly to: PeerId; readonly request: Request }[]
}

export class RoomMesh {
  readonly clock = new VirtualClock()
  readonly members = new Map<PeerId, Member>()
  readonly dead = new Set<PeerId>()
  fate: Fate = () => [1]
  readonly #random: SeededRandom
  readonly #listeners = new Map<PeerId, (gossip: Gossip, from: PeerId) => void>()

  constructor(seed: number | string) {
    this.#random = new SeededRandom(seed)
  }

  /** Adds a member, or gives one another life. */
  join(peer: PeerId, epoch = 1): Member {
    this.members.get(peer)?.room.stop()
    const floors = new Floors()
    const counters = new Counters()
    const stamps = new HybridClock(this.clock)
    const random = this.#random.fork(`${peer} ${epoch}`)
    const asked: Member['asked'] = []
    const room = new RumorRoom({
      clock: this.clock,
      random,
      network: {
        request: async (to, request) => {
          asked.push({ to, request })
          return this.#answer(to, request)
        },
        handle: () => {},
        queuedBytes: () => 0,
      },
      rumors: {
        publish: (gossip) => this.#publish(peer, gossip),
        subscribe: (listener) => {
          this.#listeners.set(peer, listener)
          return () => this.#listeners.delete(peer)
        },
      },
      stamps,
      counters,
      self: peer,
      epoch,
      volumes: new Set([VOLUME]),
      somePeer: () => {
        const others = [...this.members.keys()].filter((other) => other !== peer)
        return others[Math.floor(random.next() * others.length)]
      },
      apply: (invalidation) => void floors.raise(invalidation),
    })
    const member: Member = { peer, room, floors, stamps, counters, asked }
    this.members.set(peer, member)
    this.dead.delete(peer)
    return member
  }

  die(peer: PeerId): void {
    this.dead.add(peer)
    this.members.get(peer)?.room.stop()
    this.members.delete(peer)
  }

  /** Tells of a change of an inode; its stamp. */
  change(peer: PeerId, inode: string): number {
    const member = this.members.get(peer) as Member
    const stamp = member.stamps.tick()
    member.room.publish([{ volume: VOLUME, inode, stamp }])
    return stamp
  }

  floorsOf(inode: string): number[] {
    return [...this.members.values()].map(({ floors }) => floors.floor(VOLUME, inode))
  }

  stop(): void {
    for (const { room } of this.members.values()) room.stop()
  }

  #publish(from: PeerId, gossip: Gossip): void {
    for (const to of this.members.keys()) {
      if (to === from) continue
      for (const delayMs of this.fate(gossip, to)) {
        this.clock.after(delayMs, () => {
          if (!this.dead.has(to)) this.#listeners.get(to)?.(gossip, from)
        })
      }
    }
  }

  async #answer(to: PeerId, request: Request) {
    await new Promise<void>((resolve) => this.clock.after(1, resolve))
    const member = this.members.get(to)
    if (member === undefined) throw new PotluckError('UNREACHABLE', `${to} is dead`)
    if (request.type === 'heads' || request.type === 'repair') return member.room.answer(request)
    throw new PotluckError('MALFORMED', request.type)
  }
}
