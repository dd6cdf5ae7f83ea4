// Directories that only a page can say something of, because nobody knows the order of what was told
// of them, or because it had to be forgotten.
//
// Such a page must be outdone by nothing: its stamp has to lie above all of that by twice what clocks
// may differ (`outdoneBy`). It can't be asked for at once: a page is stamped with the floor it was
// asked for, so a floor further ahead than `floorOf` now would make a page that counts as later than
// changes which it misses. So the floor is raised as far as it may be now, and once more as soon as
// the clock has come that far. Until then the answer may be wrong on this node; after that it is right.
//
// It must never ask for a floor further ahead of the clock than `floorOf`.
import { floorOf, type HybridClock, msOf, toldBy } from '../../block/stamp.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Inode, Stamp } from '../../ports/messages.ts'
import { EVERYTHING, type Floors } from '../../rumor/floors.ts'

/** Past so many directories, the whole volume is in doubt. */
const DIRECTORIES_MAX = 1_024

export type DoubtsInit = {
  readonly volume: string
  readonly clock: Clock
  readonly stamps: HybridClock
  readonly floors: Floors
  /** The floor was raised some time after what was told: all that was answered may be wrong. */
  readonly onSettled: (inode: Inode) => void
}

export class Doubts {
  readonly #init: DoubtsInit
  /** How fresh the page of a directory has to be that settles it. */
  readonly #due = new Map<Inode, Stamp>()
  #cancel: (() => void) | undefined

  constructor(init: DoubtsInit) {
    this.#init = init
  }

  /** Directories that are not settled yet. */
  get size(): number {
    return this.#due.size
  }

  /** @returns the floor until all is settled: `outdone` once that may be asked for */
  add(directory: Inode, outdone: Stamp): Stamp {
    const { volume, stamps, floors } = this.#init
    const floor = Math.min(outdone, floorOf(stamps.tick()))
    floors.raise({ volume, inode: directory, stamp: floor })
    if (floor < outdone) this.#put(directory, outdone)
    return floor
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#due.clear()
  }

  #put(directory: Inode, outdone: Stamp): void {
    this.#due.set(directory, Math.max(outdone, this.#due.get(directory) ?? 0))
    if (this.#due.size > DIRECTORIES_MAX) {
      const newest = Math.max(...this.#due.values())
      this.#due.clear()
      this.#due.set(EVERYTHING, newest)
    }
    this.#cancel ??= this.#lookLater()
  }

  #lookLater(): (() => void) | undefined {
    if (this.#due.size === 0) return undefined
    const { clock } = this.#init
    const firstMs = msOf(toldBy(Math.min(...this.#due.values())))
    return clock.after(Math.max(1, Math.ceil(firstMs - clock.now())), () => this.#look())
  }

  #look(): void {
    const { volume, stamps, floors, onSettled } = this.#init
    const floor = floorOf(stamps.tick())
    for (const [inode, outdone] of this.#due) {
      if (outdone > floor) continue
      this.#due.delete(inode)
      floors.raise({ volume, inode, stamp: outdone })
      onSettled(inode)
    }
    this.#cancel = this.#lookLater()
  }
}
