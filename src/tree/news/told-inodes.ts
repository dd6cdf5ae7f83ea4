// The newest attributes that were told of inodes, which correct those in older pages.
import { begunOf, compareChanged, type Dated, isLater, SKEW } from '../../block/order.ts'
import type { Inode, Stamp } from '../../ports/messages.ts'
import { outdoneBy } from './told-names.ts'

/** Past so many the oldest go, and the floor of their inodes is raised instead. */
const INODES_MAX = 32_768

export type ToldInodesInit = {
  /** Nothing older than this says anything of the inode any more. */
  readonly raise: (inode: Inode, outdone: Stamp) => void
}

export class ToldInodes {
  readonly #init: ToldInodesInit
  /** What was told last is the last. */
  readonly #inodes = new Map<Inode, Dated>()

  constructor(init: ToldInodesInit) {
    this.#init = init
  }

  get size(): number {
    return this.#inodes.size
  }

  find(inode: Inode): Dated | undefined {
    return this.#inodes.get(inode)
  }

  /** False where later ones are known. */
  learn(inode: Inode, told: Dated): boolean {
    const known = this.#inodes.get(inode)
    if (known !== undefined && !isLater(known, told)) return false
    this.#inodes.delete(inode)
    this.#inodes.set(inode, told)
    const [oldest] = this.#inodes
    if (this.#inodes.size > INODES_MAX && oldest !== undefined) {
      this.#inodes.delete(oldest[0])
      this.#init.raise(oldest[0], outdoneBy(oldest[1].stamp))
    }
    return true
  }

  /** The later of what a page, or what was told of a name, says of an inode and of what was told. */
  correct(inode: Inode, said: Dated): Dated {
    const told = this.#inodes.get(inode)
    // What was begun at that stamp or later surely came after what was told.
    if (told === undefined || begunOf(said) >= outdoneBy(told.stamp)) return said
    if (begunOf(told) - said.stamp > 2 * SKEW) return told
    const difference = compareChanged(told.attributes, said.attributes)
    return difference < 0 || (difference === 0 && said.stamp >= told.stamp) ? said : told
  }
}
