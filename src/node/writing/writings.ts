// The volumes of a node that take changes: who makes a change, and who hears of it in which order.
//
// A change is made by whoever has the source; then it is taken in here, so that whoever asked for it sees
// it when the answer comes; then everyone else is told.
// It must never tell of a change before it was made, nor answer before it was taken in.
import { PotluckError } from '../../base/errors.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { type MakeOptions, SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Source } from '../../ports/source.ts'
import {
  type Change,
  isWritableSource,
  type Made,
  type WritableSource,
} from '../../ports/writable-source.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import type { RumorRoom } from '../../rumor/rumor-room.ts'
import type { Via } from '../../tree/news/take-news.ts'
import type { ChangeOptions } from '../../volume/volume.ts'
import { WriteVolume } from '../../volume/writing/write-volume.ts'
import type { VolumeInit } from '../mesh-node.ts'
import type { LockRoom } from '../../lock/lock-room.ts'
import { volumeIdOf } from '../volumes/volume-room.ts'
import type { VolumeRooms } from '../volumes/volume-rooms.ts'
import { ChangesByPeers } from './changes-by-peers.ts'
import { ChangesForPeers } from './changes-for-peers.ts'
import { makeAlone } from './make-alone.ts'
import { Telling } from './telling.ts'

export type WritingsInit = {
  readonly clock: Clock
  readonly network: Network
  readonly stamps: HybridClock
  readonly self: PeerId
  readonly epoch: number
  readonly table: PeerTable
  readonly rooms: VolumeRooms
  readonly rumors: RumorRoom
  readonly locks: LockRoom
}

type Making = { readonly change: Change; readonly options: MakeOptions; readonly via: Via }

/** An epoch, in milliseconds, times this is still a whole number. */
const CHANNELS_MAX = 4_096

export class Writings {
  readonly forPeers: ChangesForPeers
  readonly #init: WritingsInit
  readonly #telling: Telling
  #channels = 0
  /** By volume, where its source is here. */
  readonly #sources = new Map<string, SourceChanges>()

  /** @throws PotluckError EROFS for a source that takes no changes */
  constructor(volumes: readonly VolumeInit[], init: WritingsInit) {
    this.#init = init
    const { clock, network, rumors } = init
    this.#telling = new Telling({ clock, tell: (invalidations) => rumors.tell(invalidations) })
    const make = async (id: string, change: Change, options: MakeOptions) => {
      const changes = this.checkSource(id)
      await init.rooms.get(id).writing?.keepOpen(change)
      return this.#makeHere(id, changes, { change, options, via: { by: 'rumor' } })
    }
    this.forPeers = new ChangesForPeers({ clock, network, make })
    for (const volume of volumes) {
      if (volume.write !== undefined && volume.write !== 'off') this.#open(volume)
    }
  }

  stop(): void {
    this.forPeers.stop()
    for (const changes of this.#sources.values()) changes.stop()
    this.tellAll()
  }

  /** Tells what is untold yet. */
  tellAll(): void {
    this.#telling.flush()
  }

  /** @throws PotluckError NO_SOURCE where this node can't change a volume's source */
  checkSource(id: string): SourceChanges {
    const source = this.#sources.get(id)
    if (source !== undefined) return source
    throw new PotluckError('NO_SOURCE', `the source of ${id} can't be changed here`)
  }

  #open(volume: VolumeInit): void {
    const id = volumeIdOf(volume)
    const room = this.#init.rooms.get(id)
    const make = volume.source === undefined ? this.#byPeers(id) : this.#bySource(id, volume)
    const makeAt = (peer: PeerId) => this.#byPeers(id, peer)
    const { locks } = this.#init
    room.writing = new WriteVolume({ reading: room.volume, make, makeAt, volume: id, locks })
  }

  #bySource(id: string, { name, source }: VolumeInit) {
    const { stamps, self, rumors, clock, table } = this.#init
    const onDoubt: RumorRoom['publish'] = (invalidations) => rumors.publish(invalidations)
    const isAlone = (): boolean => table.size === 0
    const shared = { volume: id, stamps, self, clock, isAlone, onDoubt }
    const changes = new SourceChanges({ source: writableSource(name, source), ...shared })
    this.#sources.set(id, changes)
    return (change: Change, { asker, ...options }: ChangeOptions): Promise<Made> =>
      this.#makeHere(id, changes, { change, options, via: { by: 'own', asker } })
  }

  /** By whoever has the source, or by this one peer. */
  #byPeers(id: string, only?: PeerId) {
    const { rooms, epoch, table } = this.#init
    this.#channels += 1
    const changes = new ChangesByPeers({
      ...this.#init,
      ...(only !== undefined && { only }),
      volume: id,
      // Each numbers its changes on its own.
      session: epoch * CHANNELS_MAX + (this.#channels % CHANNELS_MAX),
      closest: (key, count) => table.closest(key, count),
      pathOf: (inode) => {
        const record = rooms.get(id).tree.inodes.byInode(inode)
        return record?.attributes?.nlink === 0 ? undefined : record?.path()
      },
    })
    return async (change: Change, { asker, caller }: ChangeOptions): Promise<Made> => {
      const made = await changes.make(change, { caller })
      this.#takeIn(made, { by: 'own', asker })
      return made
    }
  }

  #makeHere(id: string, changes: SourceChanges, what: Making): Promise<Made> {
    const { locks, rooms } = this.#init
    const { tree, isStrict } = rooms.get(id).volume
    const make = () => this.#make(changes, what)
    if (!isStrict || locks.leases === undefined) return make()
    const { change, via } = what
    const leases = locks.leases.holder
    const init = { leases, volume: id, tree, concerned: (one: Change) => changes.inodesOf(one) }
    return makeAlone(init, { change, isForOthers: via.by !== 'own' }, make)
  }

  async #make(changes: SourceChanges, { change, options, via }: Making): Promise<Made> {
    const made = await changes.make(change, options)
    this.#takeIn(made, via)
    if (made.news.length > 0) this.#telling.add(made.news)
    if (change.type === 'sync' || change.type === 'close') this.#telling.flush()
    return made
  }

  #takeIn({ news }: Made, via: Via): void {
    this.#init.locks.wrote(news)
    for (const one of news) this.#init.rooms.apply(one, via)
  }
}

function writableSource(name: string, source: Source | undefined): WritableSource {
  if (source !== undefined && isWritableSource(source)) return source
  const what = `the source of volume '${name}' takes no changes`
  throw new PotluckError('EROFS', `${what}; mount it without writing`)
}
