// The operations that only look: names, listings, attributes, contents. What they answer comes from
// the volume as it is; what the kernel may keep of it, and for how long, is decided here. They must
// never give the kernel an entry that they know to be history, nor a reference they don't note.
//
// This file: the directories that the kernel has opened.
//
// A listing must stay seekable while the directory changes, with each name at most once and those
// that stay exactly once. So each opened directory is a snapshot, taken anew when a program goes
// back to the start; and since the kernel keeps *one* listing of a directory for all who have it
// open, an offset says of which state of the directory it is: the same number in another snapshot
// would be another place.
import type { KernelInvalidation, Nodeid, Options, Volume } from '../../../src/volume/volume.ts'
import type { Place } from '../lazy/lazy-directories.ts'

/** Offsets of one state of a directory; the next state's begin behind it. */
const SPAN = 2 ** 32
const MAX_CHANGES = 2 ** 20

type Directory = { readonly nodeid: Nodeid; handle: number; change: number; isBegun: boolean }

export class OpenDirectories {
  readonly #volume: Volume
  readonly #open = new Map<number, Directory>()
  /** How often a directory has changed since the kernel knows it. */
  readonly #changes = new Map<Nodeid, number>()
  #nextHandle = 1

  constructor(volume: Volume) {
    this.#volume = volume
  }

  get size(): number {
    return this.#open.size
  }

  /** @returns the kernel's handle */
  async open(nodeid: Nodeid, options: Options): Promise<number> {
    const snapshot = await this.#take(nodeid, options)
    const handle = this.#nextHandle++
    this.#open.set(handle, { nodeid, ...snapshot, isBegun: false })
    return handle
  }

  /** A snapshot during which the directory changed is of no known state: it shares its number with none. */
  async #take(nodeid: Nodeid, options: Options): Promise<{ handle: number; change: number }> {
    const change = this.#changes.get(nodeid) ?? 0
    const handle = await this.#volume.opendir(nodeid, options)
    if ((this.#changes.get(nodeid) ?? 0) === change) return { handle, change }
    const own = this.#bump(nodeid)
    this.#bump(nodeid)
    return { handle, change: own }
  }

  /** Where to go on; undefined for a handle that was never given. */
  place(handle: number, offset: number, options: Options): Place | Promise<Place> | undefined {
    const directory = this.#open.get(handle)
    if (directory === undefined) return undefined
    const isAgain = offset === 0 && directory.isBegun
    directory.isBegun = true
    if (isAgain && !this.isCurrent(handle)) return this.#rewind(directory, options)
    return placeIn(directory, offset)
  }

  async #rewind(directory: Directory, options: Options): Promise<Place> {
    const before = directory.handle
    Object.assign(directory, await this.#take(directory.nodeid, options))
    this.#volume.releasedir(before)
    return placeIn(directory, 0)
  }

  /** Whether a directory is still as it was when it was opened, as far as is known here. */
  isCurrent(handle: number): boolean {
    const directory = this.#open.get(handle)
    if (directory === undefined) return false
    return (this.#changes.get(directory.nodeid) ?? 0) === directory.change
  }

  /** The volume's handle of what the kernel calls `handle`. */
  volumeHandle(handle: number): number | undefined {
    return this.#open.get(handle)?.handle
  }

  /** @returns whether it was open */
  release(handle: number): boolean {
    const directory = this.#open.get(handle)
    if (directory === undefined) return false
    this.#open.delete(handle)
    this.#volume.releasedir(directory.handle)
    return true
  }

  releaseAll(): void {
    for (const handle of this.#open.keys()) this.release(handle)
    this.#changes.clear()
  }

  changed(nodeid: Nodeid): void {
    this.#bump(nodeid)
  }

  #bump(nodeid: Nodeid): number {
    const change = ((this.#changes.get(nodeid) ?? 0) + 1) % MAX_CHANGES
    this.#changes.set(nodeid, change)
    return change
  }

  onInvalidation(invalidation: KernelInvalidation): void {
    if (invalidation.type === 'everything') {
      for (const { nodeid } of this.#open.values()) this.#bump(nodeid)
    } else if (invalidation.type === 'entry') this.#bump(invalidation.parent)
    else if (this.#changes.has(invalidation.nodeid) || this.#isOpen(invalidation.nodeid)) {
      this.#bump(invalidation.nodeid)
    }
  }

  #isOpen(nodeid: Nodeid): boolean {
    for (const directory of this.#open.values()) if (directory.nodeid === nodeid) return true
    return false
  }

  /** The kernel no longer knows the directory. */
  forget(nodeid: Nodeid): void {
    this.#changes.delete(nodeid)
  }
}

function placeIn({ handle, change }: Directory, offset: number): Place {
  return { handle, offset: offset % SPAN, base: change * SPAN }
}
