// Decides which files are pinned, of those whose rates end here or whose wish lies here, and tells everyone:
// once it is so, and again and again before the word is over. Any node may be the next to keep them.
//
// It must never believe a path: what is pinned is the inode that is found there now.
import type { PinCause, PinnedFile } from '../../ports/heat/heat-messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Attributes, Inode, Path } from '../../ports/messages.ts'
import type { Rumors } from '../../ports/rumors.ts'
import type { Counters } from '../../base/counters.ts'
import { positionOf } from '../../block/key.ts'
import { msOf } from '../../block/stamp.ts'
import { versionOf } from '../../block/version.ts'
import { copiesFor, type Thresholds } from '../../heat/pins/copies.ts'
import type { PinList } from '../../heat/pins/pin-list.ts'
import type { Wishes } from '../../heat/pins/wishes.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import type { Floors } from '../../rumor/floors.ts'
import type { Tree } from '../../tree/tree.ts'
import { resolve } from '../../tree/walk.ts'
import { filesBelow } from './files-below.ts'
import { REPORT_MS, type Total } from './rate-mesh.ts'

/** A word is said again after this, and so much more for each peer: who hears them all has to bear it. */
const SAY_AGAIN_MS = 20_000
const SAY_AGAIN_PEER_MS = 100
/** It holds until it was not said again so often. */
const TIMES = 3.5
const FOR_MS_MAX = 3_600_000
/** Sums are whole once all who report have done so a few times: nothing is unpinned before. */
const RIPE_MS = 6 * REPORT_MS
/** A new state is told of once the file has been still for so long: all of it will be read. */
const STILL_MS = 2_000
/** Of one message over gossip. */
const FILES_A_MESSAGE = 128
const BYTES_A_MESSAGE = 128 * 1024

export type PinKeeperInit = {
  readonly clock: Clock
  readonly rumors: Rumors
  readonly table: PeerTable
  readonly counters: Counters
  readonly floors: Floors
  readonly thresholds: Thresholds
  readonly pins: PinList
  readonly wishes: Wishes
  /** Undefined where the volume is not here. */
  readonly treeOf: (volume: string) => Tree | undefined
}

type Told = { readonly volume: string; readonly cause: PinCause }

export class PinKeeper {
  readonly #init: PinKeeperInit
  /** Since when each sum comes together here. */
  #since = new Map<string, number>()
  /** When each wish was last worked out. */
  readonly #wished = new Map<string, number>()

  constructor(init: PinKeeperInit) {
    this.#init = init
  }

  get #sayAgainMs(): number {
    return SAY_AGAIN_MS + SAY_AGAIN_PEER_MS * this.#init.table.size
  }

  /** Heeds the rates that end here. */
  async heed(totals: readonly Total[]): Promise<void> {
    const now = this.#init.clock.now()
    const since = new Map<string, number>()
    for (const { volume, inode } of totals) {
      const place = `${volume}\0${inode}`
      since.set(place, this.#since.get(place) ?? now)
    }
    this.#since = since
    const changed = totals.flatMap((total) => this.#decide(total, now))
    const files = await Promise.all(changed.map((total) => this.#pinOf(total, total.copies)))
    for (const [volume, group] of Map.groupBy(changed.keys(), (i) => changed[i]?.volume ?? '')) {
      this.#tell(
        { volume, cause: 'heat' },
        group.flatMap((i) => files[i] ?? []),
      )
    }
  }

  /** Works out what lies below the wishes that lie here, where it is time to. */
  async grant(): Promise<void> {
    const { wishes, table, clock } = this.#init
    for (const wish of wishes.all()) {
      const { volume, path, isPinned } = wish
      const place = `${volume}\0${path}`
      if (!isPinned || !table.isHome(positionOf(`pin ${volume} ${path}`))) {
        this.#wished.delete(place)
        continue
      }
      const saidMs = this.#wished.get(place) ?? -Infinity
      if (clock.now() < saidMs + this.#sayAgainMs) continue
      this.#wished.set(place, clock.now())
      // One after the other: trees may be large, and nobody waits.
      await this.#grantOne(volume, path)
    }
  }

  async #grantOne(volume: string, path: Path): Promise<void> {
    const { treeOf, counters, rumors, table, wishes } = this.#init
    const tree = treeOf(volume)
    if (tree === undefined) return
    const wish = wishes.find(volume, path)
    // Who has not heard of it, or has come since, does now.
    if (wish !== undefined) {
      const news = { step: 'wish', wish } as const
      rumors.publish({ type: 'heat', publisher: table.self.peer, news })
    }
    try {
      const found = await filesBelow(tree, path)
      if (wishes.find(volume, path)?.isPinned !== true) return
      const files = found.map((file) => pinnedFile({ ...file, perSecond: 0 }, file.attributes, 1))
      this.#tell({ volume, cause: 'wish' }, files)
    } catch {
      // It is gone, or can't be read now: the next time may be another.
      counters.add('pins_failed_total')
    }
  }

  #decide(total: Total, now: number): (Total & { readonly copies: number })[] {
    const { pins, thresholds, table, floors } = this.#init
    const { volume, inode, perSecond } = total
    const pin = pins.find(volume, inode, 'heat')
    const before = pin?.copies ?? 0
    const copies = Math.min(copiesFor(perSecond, before, thresholds), table.size + 1)
    const isRipe = now - (this.#since.get(`${volume}\0${inode}`) ?? now) >= RIPE_MS
    if (copies < before && !isRipe) return []
    const floor = floors.floor(volume, inode)
    const isDue =
      pin !== undefined &&
      ((floor > pin.floor && now - msOf(floor) >= STILL_MS) ||
        pin.untilMs - now < (TIMES - 1) * this.#sayAgainMs ||
        Math.abs(Math.log2(pin.perSecond / perSecond)) >= 1)
    return copies !== before || isDue ? [{ ...total, copies }] : []
  }

  /** What is there now; none where it was not pinned and can't be. */
  async #pinOf(total: Total, copies: number): Promise<PinnedFile[]> {
    const { treeOf, counters, pins } = this.#init
    const gone = { ...withoutVolume(total), size: 0, version: 0, copies: 0 }
    const isPinned = pins.find(total.volume, total.inode, 'heat') !== undefined
    const tree = treeOf(total.volume)
    if (tree === undefined) return []
    if (copies === 0) return [gone]
    try {
      const { record } = await resolve(tree, total.path)
      if (record === undefined || record.inode !== total.inode) return isPinned ? [gone] : []
      const { attributes } = await tree.attributes(record)
      if (attributes.type !== 'file') return []
      return [pinnedFile(total, attributes, copies)]
    } catch {
      counters.add('pins_failed_total')
      return []
    }
  }

  /** Everyone, this node among them. */
  #tell({ volume, cause }: Told, files: readonly PinnedFile[]): void {
    const { rumors, table, pins, clock, floors } = this.#init
    const forMs = Math.min(FOR_MS_MAX, Math.floor(TIMES * this.#sayAgainMs))
    const untilMs = clock.now() + forMs
    for (const file of files) {
      const floor = floors.floor(volume, file.inode)
      pins.take({ ...file, volume, cause, untilMs, floor })
    }
    for (const part of inMessages(files)) {
      const news = { step: 'pins', volume, cause, forMs, files: part } as const
      rumors.publish({ type: 'heat', publisher: table.self.peer, news })
    }
  }
}

function pinnedFile(
  { inode, path, perSecond }: { inode: Inode; path: Path; perSecond: number },
  attributes: Attributes,
  copies: number,
): PinnedFile {
  const { size } = attributes
  return { inode, path, perSecond, size, version: versionOf(attributes), copies }
}

function withoutVolume({ inode, path, perSecond }: Total) {
  return { inode, path, perSecond }
}

function inMessages(files: readonly PinnedFile[]): PinnedFile[][] {
  const messages: PinnedFile[][] = []
  let bytes = Infinity
  for (const file of files) {
    const last = messages.at(-1)
    bytes += file.path.length + file.inode.length + 40
    if (last !== undefined && last.length < FILES_A_MESSAGE && bytes <= BYTES_A_MESSAGE) {
      last.push(file)
      continue
    }
    messages.push([file])
    bytes = file.path.length + file.inode.length + 40
  }
  return messages
}
