// Write-back, put together: what this node has written, the copies that it keeps for others, and what
// peers ask about either.
import type { DirtyAnswer, DirtyQuestion } from '../../ports/dirty/dirty-messages.ts'
import type { Inode, Invalidation, PeerId, Stamp } from '../../ports/messages.ts'
import type { SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import { sleep } from '../../base/time.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { BackChanges } from '../../file/dirty/back-changes.ts'
import { Copies } from '../../file/dirty/copies/copies.ts'
import { lifeOf } from '../../file/dirty/copies/kept-by.ts'
import { type TakenFrom, takeOverBy, type TakeOverInit } from '../../file/dirty/copies/take-over.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Network } from '../../ports/network.ts'
import type { VolumeRooms } from '../volumes/volume-rooms.ts'
import type { VolumeInit } from '../mesh-node.ts'

export const DEFAULT_DIRTY_BYTES = 64 * 1024 * 1024
export const DEFAULT_DIRTY_AGE_MS = 5_000
/** Peers that could keep copies and are asked, the closest first. */
const CANDIDATES = 16
/** What can't be flushed at the end is tried so often, so long apart. */
const LAST_TRIES = 3
const LAST_RETRY_MS = 1_000

export type WriteBackInit = Pick<TakeOverInit, 'makerOf'> & {
  readonly clock: Clock
  readonly network: Network
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly log?: Log | undefined
  readonly self: PeerId
  readonly epoch: number
  readonly table: PeerTable
  readonly rooms: VolumeRooms
  readonly capacityBytes: number
  readonly isKeeper: (volume: string) => boolean
  /** Takes in here, and tells everyone. */
  readonly publish: (news: readonly Invalidation[]) => void
}

export class WriteBack {
  readonly #init: WriteBackInit
  readonly #copies: Copies
  readonly #backs = new Map<string, BackChanges>()
  /** Peers of which no process runs. */
  readonly #gone = new Set<PeerId>()

  constructor(init: WriteBackInit) {
    this.#init = init
    const { stamps, publish, rooms } = init
    const takeOver = takeOverBy({
      ...init,
      pathOf: (volume, inode) => rooms.get(volume).tree.inodes.pathOf(inode),
      onClean: ({ peer, session, volume }, inode) => {
        const news = { type: 'dirty', by: peer, session, isDirty: false } as const
        publish([{ volume, inode, stamp: stamps.tick(), news }])
      },
    })
    const isGone = (peer: PeerId): boolean => this.#gone.has(peer)
    const now = (): Stamp => stamps.tick()
    const onKept = ({ peer, session, volume }: TakenFrom, inode: Inode): void => {
      const news = { type: 'dirty', by: peer, session, isDirty: true, copy: init.self } as const
      rooms.apply({ volume, inode, stamp: now(), news }, { by: 'rumor' })
    }
    this.#copies = new Copies({ ...init, now, isGone, takeOver, onKept })
  }

  get gauges(): { dirtyBytes: number; dirtyFiles: number; dirtyCopyBytes: number } {
    const sums = { dirtyBytes: 0, dirtyFiles: 0, dirtyCopyBytes: this.#copies.cost }
    for (const { gauges } of this.#backs.values()) {
      sums.dirtyBytes += gauges.dirtyBytes
      sums.dirtyFiles += gauges.dirtyFiles
    }
    return sums
  }

  /** Changes of a volume whose source is here, in write-back mode. */
  over(id: string, { dirtyBytes, dirtyAgeMs }: VolumeInit, source: SourceChanges): BackChanges {
    const { table, rooms, publish } = this.#init
    const room = rooms.get(id)
    const back = new BackChanges({
      ...this.#init,
      source,
      volume: id,
      dirtyBytes: dirtyBytes ?? DEFAULT_DIRTY_BYTES,
      dirtyAgeMs: dirtyAgeMs ?? DEFAULT_DIRTY_AGE_MS,
      candidates: () => table.closest(table.self.position, CANDIDATES).map(({ peer }) => peer),
      isGone: (peer) => this.#gone.has(peer),
      pathOf: (inode) => room.tree.inodes.pathOf(inode),
      onFlushed: publish,
    })
    room.unsaved.own = back
    this.#backs.set(id, back)
    return back
  }

  async answer(from: PeerId, question: DirtyQuestion): Promise<DirtyAnswer> {
    const { session, volume, step } = question
    if (step === 'recall') return this.recall(question)
    if (step !== 'alive') return this.#copies.answer(from, question)
    const back = this.#backs.get(volume)
    if (back === undefined) return { type: 'refused', why: 'unknown' }
    return back.copies.alive(session, this.#init.stamps.tick())
  }

  /** Asks whoever wrote it, or, here, who has its copies. */
  async recall(question: DirtyQuestion & { readonly step: 'recall' }): Promise<DirtyAnswer> {
    const { self, epoch, stamps, network } = this.#init
    const { by, session, volume, inode } = question
    if (by !== self) {
      try {
        const reply = await network.request(by, { type: 'dirty', question })
        if (reply.type === 'dirty' && reply.answer.type === 'clean') return reply.answer
      } catch {
        return this.#copies.recall(question)
      }
      return this.#copies.recall(question)
    }
    const back = this.#backs.get(volume)
    if (back === undefined || lifeOf(session) !== epoch) return { type: 'refused', why: 'unknown' }
    await back.flush(inode)
    return { type: 'clean', stamp: stamps.tick() }
  }

  joined(peer: PeerId): void {
    this.#gone.delete(peer)
    this.#copies.joined(peer)
    // A newcomer has not heard what was told before.
    const marks = [...this.#backs.values()].flatMap((back) => back.marks())
    if (marks.length > 0) this.#init.publish(marks)
  }

  left(peer: PeerId, isGone: boolean): void {
    if (isGone) this.#gone.add(peer)
    for (const { copies } of this.#backs.values()) copies.left(peer)
    if (isGone) this.#copies.gone(peer)
  }

  /** Puts on the source what only this node has. `onProgress` with the bytes that are left. */
  async settle(onProgress?: (bytes: number) => void): Promise<void> {
    for (let tries = 0; tries < LAST_TRIES && this.gauges.dirtyBytes > 0; tries++) {
      if (tries > 0) await sleep(this.#init.clock, LAST_RETRY_MS)
      for (const back of this.#backs.values()) await back.flushAll({ onProgress })
    }
    const { dirtyBytes } = this.gauges
    if (dirtyBytes > 0) {
      this.#init.counters.add('dirty_lost_bytes_total', dirtyBytes)
      this.#init.log?.('error', `${dirtyBytes} written bytes could not be put on the source`)
    }
    await this.#copies.leave()
  }

  stop(): void {
    for (const back of this.#backs.values()) back.stop()
    this.#copies.stop()
  }
}
