// Puts the rooms of one mesh member together. The simulator calls this thousands of times with
// simulated ports, the command line once with real ones; there is no other way to make a node.
//
// It must start nothing that `stop` does not end.
import type { Invalidation, PeerId } from '../ports/messages.ts'
import type { Contact } from '../ports/routing.ts'
import { Counters } from '../base/counters.ts'
import { PotluckError } from '../base/errors.ts'
import { HybridClock } from '../block/stamp.ts'
import type { Fetcher } from '../fetch/fetcher.ts'
import type { Traces } from '../heat/traces.ts'
import type { LockRoom } from '../lock/lock-room.ts'
import type { Heat } from './heat/heat-status.ts'
import { PeerTable } from '../placement/peer-table.ts'
import { Floors } from '../rumor/floors.ts'
import type { RumorRoom } from '../rumor/rumor-room.ts'
import type { Server } from '../serve/server.ts'
import type { Shard } from '../shard/shard.ts'
import { FoundChanges } from '../tree/found-changes.ts'
import type { Options, Volume } from '../volume/volume.ts'
import type { WarmProgress } from '../volume/warm.ts'
import { answering, type Inside } from './answering.ts'
import { gaugesOf, type NodeGauges, statusOf } from './gauges.ts'
import { findHolders } from './holders.ts'
import { locksOf } from './locks-of.ts'
import { invalidationsFor } from './volumes/invalidate.ts'
import type { Holder, MeshNode, NodePorts, NodeStatus, StopOptions } from './mesh-node.ts'
import { rumorsOf } from './rumors-of.ts'
import { fetcherOver, serverOver, shardOf } from './serving.ts'
import { type TunedInit, TUNING, type Tuning } from './tuning.ts'
import { volumeIdsOf, VolumeRooms } from './volumes/volume-rooms.ts'
import { WarmJobs, type WarmOptions } from './warm-jobs.ts'
import { leasesOf, leasingOver } from './writing/leasing.ts'
import { wordsOver } from './writing/words.ts'
import { Writings, type WritingsInit } from './writing/writings.ts'

/** Starts a node; it answers peers from here on. @throws AssertionError for impossible options */
export async function startNode(ports: NodePorts, init: TunedInit): Promise<MeshNode> {
  const node = new Node(ports, init)
  node.start()
  return node
}

class Node implements MeshNode {
  readonly peer: PeerId
  readonly locks: LockRoom
  readonly #ports: NodePorts
  readonly #init: TunedInit
  readonly #tuning: Tuning
  readonly #counters = new Counters()
  readonly #floors = new Floors()
  readonly #stamps: HybridClock
  readonly #table: PeerTable
  readonly #shard: Shard
  readonly #fetcher: Fetcher
  readonly #server: Server
  readonly #rumors: RumorRoom
  readonly #rooms: VolumeRooms
  readonly #found: FoundChanges
  readonly #writings: Writings
  readonly #inside: Inside
  #unsubscribe: (() => void) | undefined
  readonly #stopping = new AbortController()
  readonly #startedMs: number
  readonly #shared: Pick<WritingsInit, 'counters' | 'stamps' | 'table'>
  readonly #warms: WarmJobs

  constructor(ports: NodePorts, init: TunedInit) {
    this.peer = ports.routing.self.peer
    this.#ports = ports
    this.#init = init
    this.#tuning = { ...TUNING, ...init.tuning }
    this.#startedMs = ports.clock.now()
    this.#stamps = new HybridClock(ports.clock)
    this.#table = new PeerTable(ports.routing.self, this.#tuning.prefixBits, this.#tuning.choices)
    this.#shard = shardOf(init, this.#table, () => this.#fetcher.lending)
    this.#warms = new WarmJobs({ ...ports, stopping: this.#stopping.signal })
    const tell = (changes: readonly Invalidation[]) => this.#rumors.publish(changes)
    this.#found = new FoundChanges({ ...ports, tell })
    this.#shared = { counters: this.#counters, stamps: this.#stamps, table: this.#table }
    const shared = { ...this.#shared, epoch: init.epoch, self: this.peer }
    const inside = () => this.#inside
    const words = wordsOver({ ...shared, inside })
    const leasing = leasingOver(init.volumes, { ...ports, ...shared, inside, words })
    this.locks = locksOf(ports, init, { ...shared, ...words, leasing })
    this.#fetcher = this.#makeFetcher()
    this.#server = this.#makeServer()
    this.#rumors = rumorsOf(ports, { ...shared, ...words, volumes: volumeIdsOf(init.volumes) })
    this.#rooms = this.#makeRooms()
    const rooms = { rooms: this.#rooms, rumors: this.#rumors, locks: this.locks }
    this.#writings = new Writings(init.volumes, { ...ports, ...shared, ...rooms })
    this.#inside = this.#gather()
  }

  #gather(): Inside {
    return {
      shard: this.#shard,
      fetcher: this.#fetcher,
      server: this.#server,
      floors: this.#floors,
      rumors: this.#rumors,
      rooms: this.#rooms,
      warms: this.#warms,
      writings: this.#writings,
      locks: this.locks,
    }
  }

  start(): void {
    const { routing, network } = this.#ports
    for (const contact of routing.contacts()) this.#joined(contact)
    this.#unsubscribe = routing.subscribe({
      joined: (contact) => this.#joined(contact),
      left: (contact, isGone) => {
        this.#table.remove(contact)
        this.#writings.back.left(contact.peer, isGone)
      },
    })
    network.handle(answering(this.#inside))
    this.#rooms.startSweeps()
    this.#fetcher.start()
    this.locks.start()
  }

  volumes(): readonly Volume[] {
    return this.#rooms.all().map((room) => room.mounted)
  }

  volume(name: string): Volume {
    return this.#rooms.byName(name).mounted
  }

  status(): NodeStatus {
    return statusOf(this.#inside, {
      peer: this.peer,
      epoch: this.#init.epoch,
      peers: this.#table.size,
      upMs: this.#ports.clock.now() - this.#startedMs,
      counters: this.#counters,
    })
  }

  gauges(): NodeGauges {
    return gaugesOf(this.#inside)
  }

  async invalidate(
    volume: string,
    path: string,
    options: { recursive?: boolean } = {},
  ): Promise<void> {
    const room = this.#rooms.byName(volume)
    const tell = this.#rumors.publish.bind(this.#rumors)
    await invalidationsFor({ room, stamps: this.#stamps, tell }, path, options.recursive === true)
  }

  traces(volume: string): Traces {
    const { traces } = this.#rooms.byName(volume)
    if (traces !== undefined) return traces
    throw new PotluckError('ENOTSUP', `starts that use '${volume}' are not watched here`)
  }

  get heat(): Heat | undefined {
    return this.#rooms.heat
  }

  async warm(
    volume: string,
    paths: readonly string[],
    options: WarmOptions & { readonly trace?: string } = {},
  ): Promise<WarmProgress> {
    const { trace = '' } = options
    return this.#warms.warm(this.#rooms.byName(volume), { paths, trace }, options)
  }

  async holders(
    volume: string,
    path: string,
    options: Options = {},
  ): Promise<{ blocks: number; holders: readonly Holder[] }> {
    const ports = { ...this.#ports, table: this.#table, shard: this.#shard }
    return findHolders(ports, this.#rooms.byName(volume), { path, ...options })
  }

  async ready(volume: string, options: Options = {}): Promise<void> {
    const { tree } = this.#rooms.byName(volume)
    await tree.attributes(tree.inodes.root, options)
  }

  async stop({ onProgress }: StopOptions = {}): Promise<void> {
    await this.#writings.back.settle(onProgress)
    this.#stopping.abort()
    const rooms = [this.#writings, this.locks, this.#rumors, this.#rooms, this.#fetcher]
    for (const room of rooms) room.stop()
    this.#unsubscribe?.()
    await Promise.all(this.#init.volumes.map(async (volume) => volume.source?.close()))
  }

  #makeServer(): Server {
    return serverOver(this.#fetcher, this.#init, {
      network: this.#ports.network,
      counters: this.#counters,
      newsOf: (want, block) => this.#rooms.newsOf(want, block),
      now: () => this.#stamps.tick(),
    })
  }

  #makeRooms(): VolumeRooms {
    return new VolumeRooms(this.#init.volumes, {
      ...this.#init,
      ...this.#ports,
      ...this.#shared,
      floors: this.#floors,
      fetcher: this.#fetcher,
      shard: this.#shard,
      leases: leasesOf(this.locks.leases),
      recall: (peer, question) => this.#writings.recall(peer, question),
    })
  }

  #makeFetcher(): Fetcher {
    return fetcherOver(this.#ports, {
      volumes: this.#init.volumes,
      tuning: this.#tuning,
      ...this.#shared,
      shard: this.#shard,
      floors: this.#floors,
      copiesOf: (want) => this.#rooms.heat?.copiesOf(want) ?? 1,
      expected: (volume) => this.#rooms.byId(volume)?.traces?.store,
      onReread: (want, before, now) => {
        const known = this.#rooms.knownOf(want, before.stamp)
        this.#found.reread(want, [before, now], known)
      },
      onNews: (want, news) => this.#rooms.learn(want, news),
      onChanged: (want, now) =>
        this.#found.changed(want, now, (same) => this.#fetcher.peek(same) !== undefined),
    })
  }

  #joined(contact: Contact): void {
    this.#table.add(contact)
    this.#writings.back.joined(contact.peer)
    if (this.#table.size > 1) return
    this.#rumors.meet(contact.peer)
    // Peers without the volume, and peers that are gone, have nothing to disagree on.
    this.#rooms.compareWith(contact.peer, this.#ports).catch(() => {})
  }
}
