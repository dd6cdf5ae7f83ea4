// Which files are pinned, as told by the nodes that keep their rates. Each word holds for a time only,
// and is said again before that is over: who keeps a rate may die, and another one will know better.
import type { PinCause, PinnedFile } from '../../ports/heat/heat-messages.ts'
import type { Inode, Stamp } from '../../ports/messages.ts'

const FILES_MAX = 16_384

export type Pin = PinnedFile & {
  readonly volume: string
  readonly cause: PinCause
  readonly untilMs: number
  /** The file's floor when this was told: once it is higher, the state that was told of may be gone. */
  readonly floor: Stamp
}

export type PinListInit = {
  /** A file is pinned no longer, whatever the reason that it was for. */
  readonly onUnpin: (volume: string, inode: Inode) => void
}

export class PinList {
  readonly #init: PinListInit
  /** By volume, inode and cause: hot files may lie where somebody wished all pinned. */
  readonly #pins = new Map<string, Pin>()
  #changes = 0

  constructor(init: PinListInit) {
    this.#init = init
  }

  get size(): number {
    return this.#pins.size
  }

  /** Grows whenever another block may have to be held, or one no longer. */
  get changes(): number {
    return this.#changes
  }

  /** Takes a word in. @returns false where there is no room for more */
  take(pin: Pin): boolean {
    const place = placeOf(pin.volume, pin.inode, pin.cause)
    const before = this.#pins.get(place)
    if (pin.copies === 0) {
      if (before !== undefined) this.#drop(place, before)
      return true
    }
    if (before === undefined && this.#pins.size >= FILES_MAX) return false
    this.#pins.set(place, pin)
    const isSame =
      before?.copies === pin.copies &&
      before.version === pin.version &&
      before.size === pin.size &&
      before.floor === pin.floor &&
      Math.abs(Math.log2(before.perSecond / pin.perSecond)) < 1
    if (!isSame) this.#changes += 1
    return true
  }

  find(volume: string, inode: Inode, cause: PinCause): Pin | undefined {
    return this.#pins.get(placeOf(volume, inode, cause))
  }

  has(volume: string, inode: Inode): boolean {
    return (
      this.find(volume, inode, 'heat') !== undefined ||
      this.find(volume, inode, 'wish') !== undefined
    )
  }

  /** What people wished first, then the hottest. */
  all(): Pin[] {
    return [...this.#pins.values()].sort((a, b) => {
      if (a.cause !== b.cause) return a.cause === 'wish' ? -1 : 1
      return b.perSecond - a.perSecond || (a.inode < b.inode ? -1 : 1)
    })
  }

  /** Forgets what was not said again. */
  sweep(nowMs: number): void {
    for (const [place, pin] of this.#pins) if (pin.untilMs <= nowMs) this.#drop(place, pin)
  }

  #drop(place: string, { volume, inode }: Pin): void {
    this.#pins.delete(place)
    this.#changes += 1
    if (!this.has(volume, inode)) this.#init.onUnpin(volume, inode)
  }
}

function placeOf(volume: string, inode: Inode, cause: PinCause): string {
  return `${cause}\0${volume}\0${inode}`
}
