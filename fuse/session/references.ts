// What the kernel refers to: its inodes, how often it looked each up, and under which name it saw
// it last. Needed to tell it "forget everything", and to give everything back when it is gone.
import type { Name } from '../../src/ports/messages.ts'
import { ROOT_NODEID, type Nodeid } from '../../src/volume/volume.ts'

type Reference = { count: number; parent: Nodeid; name: Name }

type Place = { readonly parent: Nodeid; readonly name: Name }

/** Absent names of the root that are remembered, and second names of inodes; see `names()`. */
const MAX_ABSENT = 65_536
const MAX_OTHERS = 65_536

export class References {
  readonly #inodes = new Map<Nodeid, Reference>()
  readonly #absentInRoot = new Set<Name>()
  /** Names that inodes have besides the ones they were last seen under. */
  readonly #others = new Map<string, Place>()
  readonly #onLost: (place: Place) => void

  /** @param onLost told of a name that can't be remembered, and must be dropped instead */
  constructor(onLost: (place: Place) => void = () => undefined) {
    this.#onLost = onLost
  }

  get size(): number {
    return this.#inodes.size
  }

  has(nodeid: Nodeid): boolean {
    return this.#inodes.has(nodeid)
  }

  /** The kernel was told of an inode once more. */
  take(nodeid: Nodeid, parent: Nodeid, name: Name): void {
    const reference = this.#inodes.get(nodeid)
    if (reference === undefined) {
      this.#inodes.set(nodeid, { count: 1, parent, name })
      return
    }
    reference.count++
    if (reference.name !== name || reference.parent !== parent) {
      this.renamed(reference.parent, reference.name)
    }
    reference.parent = parent
    reference.name = name
  }

  /** The kernel knows an inode under this name, too, without having looked it up. */
  renamed(parent: Nodeid, name: Name): void {
    const key = `${parent}/${name}`
    if (this.#others.has(key)) return
    this.#others.set(key, { parent, name })
    const [oldest] = this.#others
    if (this.#others.size <= MAX_OTHERS || oldest === undefined) return
    this.#others.delete(oldest[0])
    this.#onLost(oldest[1])
  }

  /** The kernel was told that a name is not there. @returns false if that can't be remembered */
  absent(parent: Nodeid, name: Name): boolean {
    if (parent !== ROOT_NODEID) return true
    if (this.#absentInRoot.size >= MAX_ABSENT && !this.#absentInRoot.has(name)) return false
    this.#absentInRoot.add(name)
    return true
  }

  /** @returns how many of `count` references the kernel really had */
  drop(nodeid: Nodeid, count: number): number {
    const reference = this.#inodes.get(nodeid)
    if (reference === undefined || !(count > 0)) return 0
    const dropped = Math.min(count, reference.count)
    reference.count -= dropped
    if (reference.count === 0) this.#inodes.delete(nodeid)
    return dropped
  }

  nodeids(): readonly Nodeid[] {
    return [ROOT_NODEID, ...this.#inodes.keys()]
  }

  /**
   * The names of each inode, and the absent names of the root: dropping a directory's name drops
   * all names below it, absent ones too, so that these are enough to drop every name.
   */
  names(): readonly Place[] {
    const absent = [...this.#absentInRoot].map((name) => ({ parent: ROOT_NODEID, name }))
    const others = [...this.#others.values()]
    this.#absentInRoot.clear()
    this.#others.clear()
    return [...absent, ...others, ...this.#inodes.values()]
  }

  /** Takes everything back: what each inode still had. */
  clear(): readonly { readonly nodeid: Nodeid; readonly count: number }[] {
    const all = [...this.#inodes].map(([nodeid, { count }]) => ({ nodeid, count }))
    this.#inodes.clear()
    this.#absentInRoot.clear()
    this.#others.clear()
    return all
  }
}
