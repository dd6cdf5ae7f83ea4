// The volumes of a node by name and by id, the sweep that keeps files in use fresh, and the check that
// peers mean the same by a volume's name.
import assert from 'node:assert/strict'
import { PotluckError } from '../../base/errors.ts'
import { floorOf } from '../../block/stamp.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  Block,
  Invalidation,
  PeerId,
  Stamp,
  VolumeDescription,
  Want,
} from '../../ports/messages.ts'
import type { HeatAnswer, HeatQuestion } from '../../ports/heat/heat-messages.ts'
import type { Network } from '../../ports/network.ts'
import { newsOfPage } from '../../tree/news/page-news.ts'
import type { Via } from '../../tree/news/take-news.ts'
import type { Known } from '../../tree/page-diff.ts'
import { Page } from '../../wire/page.ts'
import { volumeIdOf, VolumeRoom, type VolumeRoomInit } from './volume-room.ts'
import type { VolumeInit } from '../mesh-node.ts'
import type { TraceChange } from '../../heat/traces.ts'
import { takeDirty } from './unsaved-of.ts'
import { TraceMesh, type TraceMeshInit } from '../traces/trace-mesh.ts'
import { HeatRoom, type HeatRoomInit } from '../heat/heat-room.ts'
import type { HeatInit } from '../heat/heat-status.ts'

export type VolumeRoomsInit = Omit<VolumeRoomInit, 'volume' | 'onTrace' | 'apply' | 'usesOf'> &
  Omit<TraceMeshInit, 'tracesOf'> &
  Omit<HeatRoomInit, 'heat' | 'idOf' | 'treeOf' | 'blockBytesOf'> & {
    readonly heat?: HeatInit | undefined
  }

/** @throws AssertionError where two have the same name */
export function volumeIdsOf(volumes: readonly VolumeInit[]): ReadonlySet<string> {
  const ids = new Set(volumes.map(volumeIdOf))
  assert(ids.size === volumes.length, 'two volumes have the same name')
  return ids
}

export class VolumeRooms {
  readonly traces: TraceMesh
  /** Undefined where uses are not counted. */
  readonly heat: HeatRoom | undefined
  readonly #rooms = new Map<string, VolumeRoom>()
  readonly #sweeps = new Map<VolumeRoom, () => void>()
  readonly #clock: Clock
  readonly #init: VolumeRoomsInit

  constructor(volumes: readonly VolumeInit[], init: VolumeRoomsInit) {
    this.#clock = init.clock
    this.#init = init
    this.traces = new TraceMesh({
      ...init,
      tracesOf: (volume) => this.#rooms.get(volume)?.traces,
    })
    this.heat = this.#makeHeat()
    const usesOf = (id: string) => this.heat?.usesOf(id)
    for (const volume of volumes) {
      const onTrace = (id: string, { name, trace, isOwn }: TraceChange) => {
        if (isOwn) this.traces.tell(id, name, trace)
        volume.onTrace?.(name, trace)
      }
      const apply = (one: Invalidation) => this.apply(one, { by: 'rumor' })
      const room = new VolumeRoom({ ...init, volume, usesOf, onTrace, apply })
      this.#rooms.set(room.id, room)
    }
  }

  all(): VolumeRoom[] {
    return [...this.#rooms.values()]
  }

  byId(id: string): VolumeRoom | undefined {
    return this.#rooms.get(id)
  }

  /** @throws PotluckError UNKNOWN_VOLUME */
  get(id: string): VolumeRoom {
    const room = this.#rooms.get(id)
    if (room === undefined) throw new PotluckError('UNKNOWN_VOLUME', `no volume ${id} here`)
    return room
  }

  /** @throws PotluckError UNKNOWN_VOLUME */
  byName(name: string): VolumeRoom {
    for (const room of this.#rooms.values()) if (room.volume.name === name) return room
    const known = this.all().map((room) => room.volume.name)
    const names = known.join(', ') || 'none'
    throw new PotluckError('UNKNOWN_VOLUME', `no volume '${name}' here, only: ${names}`)
  }

  /** Takes in a change, of this node's or told by another. */
  apply(invalidation: Invalidation, via: Via): void {
    const { floors, counters } = this.#init
    const { news, stamp, ...what } = invalidation
    const room = this.byId(invalidation.volume)
    if (news?.type === 'dirty') {
      if (room !== undefined) takeDirty(room, { ...invalidation, news }, via)
      return
    }
    if (news === undefined && !floors.raise({ ...what, stamp: floorOf(stamp) })) return
    counters.add('invalidations_applied_total')
    if (news === undefined) room?.tree.invalidated(invalidation)
    else room?.tree.news.take({ ...invalidation, news }, via)
  }

  /** Takes in what came with a page; of other volumes, or from the far future, it is none. */
  learn({ volume }: Want, news: readonly Invalidation[]): void {
    for (const one of news) {
      const isNews = one.volume === volume && one.news !== undefined
      if (isNews && this.#init.stamps.witness(one.stamp)) this.apply(one, { by: 'page' })
    }
  }

  /** What a peer is told with a page; undefined where the page should rather be read again. */
  newsOf(want: Want, { stamp, bytes }: Block): readonly Invalidation[] | undefined {
    const told = want.kind === 'page' ? this.byId(want.volume)?.tree.told : undefined
    if (told === undefined) return []
    return newsOfPage(told, want, { page: Page.of(bytes), stamp })
  }

  /** What everyone has been told of a directory since a page of this stamp was read. */
  knownOf({ volume, inode }: Want, stamp: Stamp): Known | undefined {
    return this.byId(volume)?.tree.told.knownSince(inode, stamp)
  }

  describe(name: string): VolumeDescription {
    const { blockBytes, hasSource } = this.byName(name).status()
    return { volume: name, blockBytes, hasSource }
  }

  /** Says so where a peer has a volume of the same name in blocks of another size. */
  async compareWith(
    peer: PeerId,
    { network, log }: { readonly network: Network; readonly log?: Log },
  ): Promise<void> {
    void this.traces.compareWith(peer).catch(() => {})
    void this.heat?.compareWith(peer).catch(() => {})
    for (const { name, blockBytes } of this.all().map((room) => room.status())) {
      const reply = await network.request(peer, { type: 'describe', volume: name })
      if (reply.type !== 'description') continue
      const theirs = reply.description.blockBytes
      if (theirs === blockBytes) continue
      const sizes = `${blockBytes} bytes here, ${theirs} at ${peer}`
      log?.('warn', `volume '${name}' has blocks of ${sizes}: such nodes share nothing`)
    }
  }

  startSweeps(): void {
    for (const room of this.#rooms.values()) this.#sweepLater(room)
    this.heat?.start()
  }

  stop(): void {
    for (const cancel of this.#sweeps.values()) cancel()
    this.#sweeps.clear()
    for (const { traces, tree } of this.#rooms.values()) {
      traces?.stop()
      tree.stop()
    }
    this.traces.stop()
    this.heat?.stop()
  }

  /** @throws PotluckError ENOTSUP where uses are not counted */
  answerHeat(from: PeerId, question: HeatQuestion): HeatAnswer {
    if (this.heat !== undefined) return this.heat.answer(from, question)
    throw new PotluckError('ENOTSUP', 'nothing is counted here')
  }

  #makeHeat(): HeatRoom | undefined {
    const { heat } = this.#init
    if (heat === undefined) return undefined
    return new HeatRoom({
      ...this.#init,
      heat,
      idOf: (name) => this.byName(name).id,
      treeOf: (id) => this.#rooms.get(id)?.tree,
      blockBytesOf: (id) => this.#rooms.get(id)?.volume.blockBytes,
      // What can't be put on the source now is tried again when it is older.
      onUnpin: (id, inode) => void this.#rooms.get(id)?.unsaved.cooled(inode),
    })
  }

  #sweepLater(room: VolumeRoom): void {
    if (room.revalidateMs === Infinity) return
    const cancel = this.#clock.after(room.revalidateMs / 2, () => {
      void room.tree.refreshOpen()
      this.#sweepLater(room)
    })
    this.#sweeps.set(room, cancel)
  }
}
