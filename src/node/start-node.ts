// Puts the rooms of one mesh member together. The simulator calls this thousands of times with
// simulated ports, the command line once with real ones; there is no other way to make a node.
//
// It must start nothing that `stop` does not end.
import assert from 'node:assert/strict'
import type { Invalidation, PeerId, Reply, Request, Want } from '../ports/messages.ts'
import type { Contact } from '../ports/routing.ts'
import { Counters } from '../base/counters.ts'
import { PotluckError } from '../base/errors.ts'
import { checksumOf } from '../block/checksum.ts'
import { HybridClock } from '../block/stamp.ts'
import { DEFAULT_INLINE_BYTES, DirectoryAuthority } from '../authority/directory-authority.ts'
import { Fetcher } from '../fetch/fetcher.ts'
import { PeerTable } from '../placement/peer-table.ts'
import { Floors } from '../rumor/floors.ts'
import { RumorRoom } from '../rumor/rumor-room.ts'
import { Server } from '../serve/server.ts'
import { Shard } from '../shard/shard.ts'
import { areNamesEqual, changedInodes } from '../tree/page-diff.ts'
import { Page } from '../wire/page.ts'
import type { Volume } from '../volume/volume.ts'
import { warm, type WarmProgress } from '../volume/warm.ts'
import { findHolders } from './holders.ts'
import { invalidationsFor } from './invalidate.ts'
import type { Holder, MeshNode, NodeInit, NodePorts, NodeStatus, VolumeInit } from './mesh-node.ts'
import { DEFAULT_BLOCK_BYTES, VolumeRoom, volumeIdOf } from './volume-room.ts'

const UPLOAD_BUDGET_BYTES = 64 * 1024 * 1024
const FLIGHTS_MAX = 4096
/** Jobs that peers may have started here at one time. */
const WARMS_MAX = 4

type Signalled = { readonly signal?: AbortSignal }

/** Starts a node; it answers peers from here on. @throws AssertionError for impossible options */
export async function startNode(ports: NodePorts, init: NodeInit): Promise<MeshNode> {
  const node = new Node(ports, init)
  node.start()
  return node
}

class Node implements MeshNode {
  readonly peer: PeerId
  readonly #ports: NodePorts
  readonly #init: NodeInit
  readonly #counters = new Counters()
  readonly #floors = new Floors()
  readonly #stamps: HybridClock
  readonly #table: PeerTable
  readonly #shard: Shard
  readonly #fetcher: Fetcher
  readonly #server: Server
  readonly #rumors: RumorRoom
  readonly #rooms = new Map<string, VolumeRoom>()
  readonly #cancels = new Set<() => void>()
  readonly #stopping = new AbortController()
  readonly #startedMs: number
  #warms = 0

  constructor(ports: NodePorts, init: NodeInit) {
    this.peer = ports.routing.self.peer
    this.#ports = ports
    this.#init = init
    this.#startedMs = ports.clock.now()
    this.#stamps = new HybridClock(ports.clock)
    this.#table = new PeerTable(ports.routing.self)
    this.#shard = new Shard({
      capacityBytes: init.ramBytes,
      isHome: (key) => this.#table.isHome(key),
    })
    const volumes = new Set(init.volumes.map(volumeIdOf))
    assert(volumes.size === init.volumes.length, 'two volumes have the same name')
    this.#fetcher = this.#makeFetcher()
    this.#server = this.#makeServer(volumes)
    this.#rumors = this.#makeRumors(volumes)
    for (const volume of init.volumes) this.#addRoom(volume)
  }

  start(): void {
    const { routing, network } = this.#ports
    for (const contact of routing.contacts()) this.#joined(contact)
    const listener = {
      joined: (contact: Contact) => this.#joined(contact),
      left: (contact: Contact) => this.#table.remove(contact),
    }
    this.#cancels.add(routing.subscribe(listener))
    network.handle((from, request, { signal }) => this.#handle(from, request, signal))
    for (const room of this.#rooms.values()) this.#sweepLater(room)
  }

  volumes(): readonly Volume[] {
    return [...this.#rooms.values()].map((room) => room.volume)
  }

  volume(name: string): Volume {
    return this.#room(name).volume
  }

  status(): NodeStatus {
    const { latencies } = this.#fetcher
    const { capacityBytes, usedBytes, blocks } = this.#shard
    this.#counters.raise('shard_evictions_total', this.#shard.evictions)
    return {
      peer: this.peer,
      epoch: this.#init.epoch,
      peers: this.#table.size,
      upMs: this.#ports.clock.now() - this.#startedMs,
      ram: { capacityBytes, usedBytes, blocks },
      volumes: [...this.#rooms.values()].map((room) => room.status()),
      counters: this.#counters.snapshot(),
      fetchMs: {
        p50: latencies.quantile(0.5) ?? 0,
        p99: latencies.quantile(0.99) ?? 0,
        max: latencies.quantile(1) ?? 0,
      },
    }
  }

  async invalidate(
    volume: string,
    path: string,
    options: { recursive?: boolean } = {},
  ): Promise<void> {
    const room = this.#room(volume)
    const tell = (invalidations: readonly Invalidation[]) => this.#rumors.publish(invalidations)
    await invalidationsFor({ room, stamps: this.#stamps, tell }, path, options.recursive === true)
  }

  async warm(
    volume: string,
    paths: readonly string[],
    options: Signalled & { onProgress?: (progress: WarmProgress) => void; everyNode?: boolean } = {},
  ): Promise<WarmProgress> {
    const room = this.#room(volume)
    if (options.everyNode === true) this.#askEveryoneToWarm(room.id, paths)
    return this.#warmRoom(room, paths, options)
  }

  async holders(
    volume: string,
    path: string,
    options: Signalled = {},
  ): Promise<{ blocks: number; holders: readonly Holder[] }> {
    const ports = { network: this.#ports.network, table: this.#table, shard: this.#shard }
    return findHolders(ports, this.#room(volume), { path, ...options })
  }

  async ready(volume: string, options: Signalled = {}): Promise<void> {
    const { tree } = this.#room(volume)
    await tree.attributes(tree.inodes.root, options)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#rumors.stop()
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    await Promise.all(this.#init.volumes.map((volume) => volume.source?.close()))
  }

  #makeFetcher(): Fetcher {
    const { clock, network, random, checksum } = this.#ports
    return new Fetcher({
      clock,
      network,
      random: random.fork('fetch'),
      table: this.#table,
      counters: this.#counters,
      stamps: this.#stamps,
      checksum: checksum ?? checksumOf,
      shard: this.#shard,
      floors: this.#floors,
      authorities: this.#authorities(),
      onReread: (want, before, now) => this.#tellOfReread(want, before.bytes, now),
    })
  }

  #authorities(): Map<string, DirectoryAuthority> {
    const authorities = new Map<string, DirectoryAuthority>()
    for (const volume of this.#init.volumes) {
      if (volume.source === undefined) continue
      const authority = new DirectoryAuthority({
        source: volume.source,
        blockBytes: volume.blockBytes ?? DEFAULT_BLOCK_BYTES,
        inlineBytes: volume.inlineBytes ?? DEFAULT_INLINE_BYTES,
        stamps: this.#stamps,
        checksum: this.#ports.checksum ?? checksumOf,
      })
      authorities.set(volumeIdOf(volume), authority)
    }
    return authorities
  }

  #makeServer(volumes: ReadonlySet<string>): Server {
    const withSource = new Set(
      this.#init.volumes.filter((volume) => volume.source !== undefined).map(volumeIdOf),
    )
    return new Server({
      network: this.#ports.network,
      counters: this.#counters,
      volumes,
      uploadBudgetBytes: UPLOAD_BUDGET_BYTES,
      flightsMax: FLIGHTS_MAX,
      flights: () => this.#fetcher.flights,
      peek: (want, key) => this.#fetcher.peek(want, key),
      fetch: async (want, signal) => (await this.#fetcher.fetch(want, { signal })).answer,
      readSource: (want, signal) =>
        withSource.has(want.volume)
          ? this.#fetcher.readSource(want, { signal }).then((fetched) => fetched.answer)
          : undefined,
    })
  }

  #makeRumors(volumes: ReadonlySet<string>): RumorRoom {
    const { clock, random, network, rumors, log } = this.#ports
    const draws = random.fork('rumor')
    return new RumorRoom({
      clock,
      random: draws,
      network,
      rumors,
      stamps: this.#stamps,
      counters: this.#counters,
      self: this.peer,
      epoch: this.#init.epoch,
      volumes,
      somePeer: () => {
        const contacts = this.#ports.routing.contacts()
        return contacts[Math.floor(draws.next() * contacts.length)]?.peer
      },
      apply: (invalidation) => this.#apply(invalidation),
      log,
    })
  }

  #addRoom(volume: VolumeInit): void {
    const room = new VolumeRoom({
      clock: this.#ports.clock,
      floors: this.#floors,
      stamps: this.#stamps,
      counters: this.#counters,
      fetcher: this.#fetcher,
      volume,
    })
    this.#rooms.set(room.id, room)
  }

  #room(name: string): VolumeRoom {
    for (const room of this.#rooms.values()) if (room.volume.name === name) return room
    const known = [...this.#rooms.values()].map((room) => room.volume.name).join(', ')
    throw new PotluckError('UNKNOWN_VOLUME', `no volume '${name}' here, only: ${known || 'none'}`)
  }

  #joined(contact: Contact): void {
    const isFirst = this.#table.size === 0
    this.#table.add(contact)
    if (!isFirst) return
    // A newcomer learns what was told before it came, before it can read much.
    this.#rumors.compareWith(contact.peer).catch(() => {
      this.#counters.add('rumor_compares_failed_total')
    })
  }

  async #handle(from: PeerId, request: Request, signal: AbortSignal): Promise<Reply> {
    if (request.type === 'want') {
      return { type: 'answer', answer: await this.#server.answer(from, request.want, signal) }
    }
    if (request.type === 'holding') {
      return { type: 'held', held: request.keys.map((key) => this.#shard.has(key)) }
    }
    if (request.type === 'warm') return this.#warmForPeer(request.volume, request.paths)
    if (request.type === 'describe') throw new PotluckError('MALFORMED', 'not answered here')
    return this.#rumors.answer(request)
  }

  #apply(invalidation: Invalidation): void {
    if (!this.#floors.raise(invalidation)) return
    this.#counters.add('invalidations_applied_total')
    this.#rooms.get(invalidation.volume)?.tree.invalidated(invalidation)
  }

  /** This node read a page off the source again: what changed behind the mesh's back is told. */
  #tellOfReread(want: Want, before: Uint8Array, now: { bytes: Uint8Array; stamp: number }): void {
    const [former, page] = [new Page(before), new Page(now.bytes)]
    const inodes = changedInodes(former, page)
    if (!areNamesEqual(former, page)) inodes.push(want.inode)
    const { volume } = want
    if (inodes.length === 0) return
    this.#rumors.publish(inodes.map((inode) => ({ volume, inode, stamp: now.stamp })))
  }

  #askEveryoneToWarm(volume: string, paths: readonly string[]): void {
    for (const { peer } of this.#ports.routing.contacts()) {
      this.#ports.network.request(peer, { type: 'warm', volume, paths }).catch((error: unknown) => {
        this.#ports.log?.('warn', `peer ${peer} does not warm: ${String(error)}`)
      })
    }
  }

  #warmForPeer(volume: string, paths: readonly string[]): Reply {
    const room = this.#rooms.get(volume)
    if (room === undefined) throw new PotluckError('UNKNOWN_VOLUME', `no volume ${volume} here`)
    if (this.#warms >= WARMS_MAX) throw new PotluckError('BUSY', 'already warming for others')
    this.#warms += 1
    this.#warmRoom(room, paths, { signal: this.#stopping.signal })
      .catch((error: unknown) => this.#ports.log?.('warn', `warming failed: ${String(error)}`))
      .finally(() => {
        this.#warms -= 1
      })
    return { type: 'done' }
  }

  #warmRoom(
    room: VolumeRoom,
    paths: readonly string[],
    options: Signalled & { onProgress?: (progress: WarmProgress) => void },
  ): Promise<WarmProgress> {
    const readFile = room.readFile.bind(room)
    return warm({ tree: room.tree, readFile, ...options }, paths)
  }

  #sweepLater(room: VolumeRoom): void {
    if (room.revalidateMs === Infinity) return
    const cancel = this.#ports.clock.after(room.revalidateMs / 2, () => {
      this.#cancels.delete(cancel)
      void room.tree.refreshOpen()
      this.#sweepLater(room)
    })
    this.#cancels.add(cancel)
  }
}
