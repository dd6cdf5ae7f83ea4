// What people are shown of heat: the files that are hot here, or pinned anywhere.
import type { PinCause, PinWish } from '../../ports/heat/heat-messages.ts'
import type { Inode, Path } from '../../ports/messages.ts'
import { keyOf } from '../../block/key.ts'
import type { HeatSample } from '../../heat/rates/heat-history.ts'
import type { PinList } from '../../heat/pins/pin-list.ts'
import type { Thresholds } from '../../heat/pins/copies.ts'
import type { Shard } from '../../shard/shard.ts'
import type { RateMesh } from './rate-mesh.ts'

const HOTTEST = 64
const PINS_SHOWN = 512

/** What a node is started with to count uses, and to pin what is used often. */
export type HeatInit = Thresholds & {
  /** After this long without use, a rate is half of what it was. */
  readonly halfLifeMs: number
  /** Of the RAM, for pinned blocks; above 0 and below 1. */
  readonly pinShare: number
}

/** Chosen in the simulator, see the README: what a quarter of the RAM holds is worth keeping. */
export const HEAT: HeatInit = {
  halfLifeMs: 60_000,
  pinAbove: 1,
  unpinBelow: 0.25,
  pinShare: 0.25,
}

export type HotFile = {
  readonly volume: string
  readonly path: Path
  readonly inode: Inode
  /** Accesses a second on this node, and in the mesh as far as is known here. */
  readonly herePerSecond: number
  readonly meshPerSecond: number
  /** Empty where it is not pinned. */
  readonly pinnedFor: readonly PinCause[]
  /** Of each block in the mesh; 0 where it is not pinned. */
  readonly copies: number
  readonly sizeBytes: number
  /** Of the blocks, those that are held here because of the pin. */
  readonly blocksHeld: number
}

export type HeatStatus = HeatInit & {
  readonly pinnedBytes: number
  readonly pinCapacityBytes: number
  readonly blocksToHold: number
  /** RAM is short, so kernels are told to ask often: else they hide what they answer themselves. */
  readonly isTight: boolean
  /** The hottest first. */
  readonly files: readonly HotFile[]
  readonly wishes: readonly PinWish[]
  readonly samples: readonly HeatSample[]
}

export interface Heat {
  /** Pins a path with all below it, or ends that, on all nodes. @throws PotluckError ENOENT, ENOSPC */
  wish(volume: string, path: Path, isPinned: boolean): void
  status(): HeatStatus
  /** The files pinned anywhere, as far as known, and what is held here of them. */
  pins(): { readonly files: number; readonly bytes: number; readonly capacityBytes: number }
}

type Known = {
  readonly shard: Shard
  readonly blockBytesOf: (volume: string) => number | undefined
}

/** The hottest first. */
export function filesOf(known: Known, pins: PinList, rates: RateMesh): HotFile[] {
  const files = new Map<string, HotFile>()
  for (const { volume, inode, path, perSecond } of rates.hottest(HOTTEST)) {
    const meshPerSecond = rates.meshRate(volume, inode)
    const at = { volume, inode, path, herePerSecond: perSecond, meshPerSecond }
    const file = { ...at, pinnedFor: [], copies: 0, sizeBytes: 0, blocksHeld: 0 }
    files.set(`${volume}\0${inode}`, file)
  }
  for (const pin of pins.all().slice(0, PINS_SHOWN)) {
    const { volume, inode, path, perSecond, copies, size } = pin
    const place = `${volume}\0${inode}`
    const before = files.get(place)
    files.set(place, {
      volume,
      inode,
      path,
      herePerSecond: before?.herePerSecond ?? 0,
      meshPerSecond: rates.meshRate(volume, inode) || perSecond,
      pinnedFor: [...(before?.pinnedFor ?? []), pin.cause],
      copies: Math.max(before?.copies ?? 0, copies),
      sizeBytes: size,
      blocksHeld: blocksHeld(known, { volume, inode, size }),
    })
  }
  return [...files.values()]
    .map((file) => ({ ...file, volume: file.volume.replace(/@\d+$/, '') }))
    .sort((a, b) => b.meshPerSecond - a.meshPerSecond)
}

function blocksHeld(
  { shard, blockBytesOf }: Known,
  { volume, inode, size }: { volume: string; inode: Inode; size: number },
): number {
  const blockBytes = blockBytesOf(volume)
  if (blockBytes === undefined) return 0
  const at = { volume, inode, kind: 'data', splits: 0 } as const
  let held = 0
  for (let index = 0; index * blockBytes < size && index < 4_096; index++) {
    if (shard.isPinned(keyOf({ ...at, index }))) held += 1
  }
  return held
}
