// The volumes of a node that take changes: who makes a change, and who hears of it in which order.
//
// A change is made by whoever has the source; then it is taken in here, so that whoever asked for it sees
// it when the answer comes; then everyone else is told.
// It must never tell of a change before it was made, nor answer before it was taken in.
import { PotluckError } from '../../base/errors.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { type MakeOptions, SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import type { BackChanges } from '../../file/dirty/back-changes.ts'
import type { DirtyAnswer, DirtyQuestion } from '../../ports/dirty/dirty-messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Invalidation, PeerId } from '../../ports/messages.ts'
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
import { DEFAULT_DIRTY_BYTES, WriteBack } from './write-back.ts'

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
  readonly counters: Counters
  readonly log?: Log
}

type Making = { readonly change: Change; readonly options: MakeOptions; readonly via: Via }

/** An epoch, in milliseconds, times this is still a whole number. */
const CHANNELS_MAX = 4_096

/** Who makes the changes of a volume whose source is here: at once, or in write-back mode later. */
type Maker = {
  readonly id: string
  readonly source: SourceChanges
  readonly changes: SourceChanges | BackChanges
}

export class Writings {
  readonly forPeers: ChangesForPeers
  readonly back: WriteBack
  readonly #init: WritingsInit
  readonly #telling: Telling
  #channels = 0
  /** By volume, where its source is here. */
  readonly #sources = new Map<string, Maker>()

  /** @throws PotluckError EROFS for a source that takes no changes */
  constructor(volumes: readonly VolumeInit[], init: WritingsInit) {
    this.#init = init
    const { clock, network, rumors, epoch } = init
    this.#telling = new Telling({ clock, tell: (invalidations) => rumors.tell(invalidations) })
    const make = async (id: string, change: Change, options: MakeOptions) => {
      const changes = this.checkSource(id)
      await init.rooms.get(id).writing?.keepOpen(change)
      return this.#makeHere(changes, { change, options, via: { by: 'rumor' } })
    }
    this.forPeers = new ChangesForPeers({ clock, network, epoch, make })
    this.back = this.#makeBack(volumes)
    for (const volume of volumes) {
      if (volume.write !== undefined && volume.write !== 'off') this.#open(volume)
    }
  }

  stop(): void {
    this.forPeers.stop()
    for (const { changes } of this.#sources.values()) changes.stop()
    this.back.stop()
    this.tellAll()
  }

  /** Tells what is untold yet. */
  tellAll(): void {
    this.#telling.flush()
  }

  /** @throws PotluckError NO_SOURCE where this node can't change a volume's source */
  checkSource(id: string): Maker {
    const source = this.#sources.get(id)
    if (source !== undefined) return source
    throw new PotluckError('NO_SOURCE', `the source of ${id} can't be changed here`)
  }

  /** Asks a peer for what it, or one whose copies it has, did not put on the source yet. */
  async recall(
    peer: PeerId,
    question: DirtyQuestion & { readonly step: 'recall' },
  ): Promise<DirtyAnswer> {
    const { self, network } = this.#init
    if (peer === self) return this.back.recall(question)
    const reply = await network.request(peer, { type: 'dirty', question })
    if (reply.type === 'dirty') return reply.answer
    throw new PotluckError('MALFORMED', `a recall was answered by '${reply.type}'`)
  }

  #makeBack(volumes: readonly VolumeInit[]): WriteBack {
    return new WriteBack({
      ...this.#init,
      capacityBytes: Math.max(...volumes.map((one) => one.dirtyBytes ?? DEFAULT_DIRTY_BYTES)),
      isKeeper: (volume) => this.#sources.has(volume),
      makerOf: (id) => async (change, caller) => {
        const made = await this.checkSource(id).source.make(change, { caller })
        return this.#made(made, change, { by: 'rumor' })
      },
      publish: (news) => this.#publishFlushed(news),
    })
  }

  /** Nothing that anybody saw has changed by it; but who did not know of it must read again. */
  #publishFlushed(news: readonly Invalidation[]): void {
    const { rooms, locks } = this.#init
    locks.wrote(news)
    const [told, own] = [true, false].map((isContent) =>
      news.map((one) =>
        one.news?.type === 'attributes' ? { ...one, news: { ...one.news, isContent } } : one,
      ),
    )
    for (const one of own ?? []) rooms.apply(one, { by: 'own' })
    this.#telling.add(told ?? [])
    this.#telling.flush()
  }

  #open(volume: VolumeInit): void {
    const id = volumeIdOf(volume)
    const room = this.#init.rooms.get(id)
    const make = volume.source === undefined ? this.#byPeers(id) : this.#bySource(id, volume)
    const makeAt = (peer: PeerId) => this.#byPeers(id, peer)
    const { locks } = this.#init
    const flushOnClose = volume.flushOnClose ?? true
    const reading = room.volume
    room.writing = new WriteVolume({ reading, make, makeAt, volume: id, locks, flushOnClose })
  }

  #bySource(id: string, volume: VolumeInit) {
    const { name, source } = volume
    const { stamps, self, rumors, clock, table } = this.#init
    const onDoubt: RumorRoom['publish'] = (invalidations) => rumors.publish(invalidations)
    const isAlone = (): boolean => table.size === 0
    const shared = { volume: id, stamps, self, clock, isAlone, onDoubt }
    const changes = new SourceChanges({ source: writableSource(name, source), ...shared })
    // What others cache under leases must be on the source when they are told so.
    const isBack = volume.write === 'back' && volume.coherence !== 'strict'
    const maker = {
      id,
      source: changes,
      changes: isBack ? this.back.over(id, volume, changes) : changes,
    }
    this.#sources.set(id, maker)
    return (change: Change, { asker, ...options }: ChangeOptions): Promise<Made> =>
      this.#makeHere(maker, {
        change,
        options: { ...options, by: asker },
        via: { by: 'own', asker },
      })
  }

  /** By whoever has the source, or by this one peer. */
  #byPeers(id: string, only?: PeerId) {
    const { rooms, epoch, table, locks } = this.#init
    this.#channels += 1
    const changes = new ChangesByPeers({
      ...this.#init,
      ...(only !== undefined && { only }),
      volume: id,
      // Each numbers its changes on its own.
      session: epoch * CHANNELS_MAX + (this.#channels % CHANNELS_MAX),
      closest: (key, count) => table.closest(key, count),
      onMadeBy: (maker) => locks.madeBy(maker),
      pathOf: (inode) => rooms.get(id).tree.inodes.pathOf(inode),
    })
    return async (change: Change, { asker, caller }: ChangeOptions): Promise<Made> => {
      const made = await changes.make(change, { caller })
      this.#takeIn(made, { by: 'own', asker })
      return made
    }
  }

  async #makeHere({ id, source, changes }: Maker, what: Making): Promise<Made> {
    const { locks, rooms } = this.#init
    const { tree, isStrict, unsaved } = rooms.get(id).volume
    const { change, options, via } = what
    // What others have written before comes first.
    for (const inode of source.usedBy(change)) await unsaved.recall(inode, options.signal)
    const make = async (mayBegin?: () => boolean) =>
      this.#made(await changes.make(change, { ...options, mayBegin }), change, via)
    if (!isStrict || locks.leases === undefined) return make()
    const leases = locks.leases.holder
    const init = { leases, volume: id, tree, concerned: (one: Change) => source.inodesOf(one) }
    return makeAlone(init, { change, isForOthers: via.by !== 'own' }, make)
  }

  #made(made: Made, change: Change, via: Via): Made {
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
