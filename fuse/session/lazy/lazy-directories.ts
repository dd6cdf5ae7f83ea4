// Opens without messages: the kernel is told ENOSYS once for OPEN and OPENDIR, and from then on
// reads and lists by inode alone. What is hot costs no request at all then; what was said by opening
// is said by notifies alone. Here is opened what is read, when it is read, and closed when nobody
// can be in the middle of it.
//
// What this room must never do: keep more open than its bounds say, or anything open of what the
// kernel has forgotten.
//
// This file: directories. An answered OPENDIR would cost a cold listing two requests more.
//
// A request names an inode and an offset only. So each listing is kept here from its first request
// to its last one, and the offsets of a directory that changes carry the number of its change: a
// program in the middle of a listing goes on in the one it began with, and misses no name.
import type { KernelInvalidation, Nodeid, Options, Volume } from '../../../src/volume/volume.ts'

/** Listings that were begun and not read to their end. Each keeps pages of a directory. */
const MAX_OPEN = 64

/** Offsets of the first listing are below this, the others' above. */
const SPAN = 2 ** 32
const MAX_CHANGES = 2 ** 20

export type Place = {
  /** What `Volume.readdir` is asked with. */
  readonly handle: number
  readonly offset: number
  /** What is added to offsets on their way to the kernel. */
  readonly base: number
}

type Listing = { readonly nodeid: Nodeid; readonly handle: number }

export class LazyDirectories {
  readonly #volume: Volume
  readonly #maxOpen: number
  /** By directory and change, the least recently read first. */
  readonly #listings = new Map<string, Listing>()
  /** How often a directory changed while one of its listings was here. */
  readonly #changes = new Map<Nodeid, number>()
  #isClosed = false

  constructor(volume: Volume, maxOpen = MAX_OPEN) {
    this.#volume = volume
    this.#maxOpen = maxOpen
  }

  get size(): number {
    return this.#listings.size
  }

  /** Where to go on; a promise where the directory must be opened, as for the first names of it. */
  place(nodeid: Nodeid, offset: number, options: Options): Place | Promise<Place> {
    const isFirst = offset === 0
    const change = isFirst ? (this.#changes.get(nodeid) ?? 0) : Math.floor(offset / SPAN)
    const base = change * SPAN
    const listing = isFirst ? undefined : this.#use(keyOf(nodeid, change))
    const at = { offset: offset === 0 ? 0 : offset - base, base }
    if (listing !== undefined) return { handle: listing.handle, ...at }
    return this.#open(nodeid, change, options).then((handle) => ({ handle, ...at }))
  }

  #use(key: string): Listing | undefined {
    const listing = this.#listings.get(key)
    if (listing === undefined) return undefined
    this.#listings.delete(key)
    this.#listings.set(key, listing)
    return listing
  }

  /** One that was dropped is opened again: its offsets count names, so that most are still right. */
  async #open(nodeid: Nodeid, change: number, options: Options): Promise<number> {
    const handle = await this.#volume.opendir(nodeid, options)
    const key = keyOf(nodeid, change)
    this.#drop(key)
    this.#listings.set(key, { nodeid, handle })
    if (this.#isClosed) this.close()
    const [oldest] = this.#listings.keys()
    if (this.#listings.size > this.#maxOpen && oldest !== undefined) this.#drop(oldest)
    return handle
  }

  /** A listing has been read to its end. */
  end(nodeid: Nodeid, { base }: Place): void {
    this.#drop(keyOf(nodeid, base / SPAN))
  }

  #drop(key: string): void {
    const listing = this.#listings.get(key)
    if (listing === undefined) return
    this.#listings.delete(key)
    this.#volume.releasedir(listing.handle)
  }

  onInvalidation(invalidation: KernelInvalidation): void {
    if (invalidation.type === 'everything') {
      for (const { nodeid } of this.#listings.values()) this.#onChange(nodeid)
    } else if (invalidation.type === 'entry') this.#onChange(invalidation.parent)
    else this.#onChange(invalidation.nodeid)
  }

  /** A change of a directory that nobody is in the middle of is of no consequence. */
  #onChange(nodeid: Nodeid): void {
    const change = this.#changes.get(nodeid) ?? 0
    if (!this.#listings.has(keyOf(nodeid, change))) return
    this.#changes.set(nodeid, (change + 1) % MAX_CHANGES)
  }

  /** The kernel no longer knows the directory. */
  forget(nodeid: Nodeid): void {
    this.#changes.delete(nodeid)
    for (const [key, listing] of this.#listings) if (listing.nodeid === nodeid) this.#drop(key)
  }

  /** Releases all, and whatever is still being opened as soon as it is. */
  close(): void {
    this.#isClosed = true
    for (const key of this.#listings.keys()) this.#drop(key)
  }
}

function keyOf(nodeid: Nodeid, change: number): string {
  return `${nodeid}.${change}`
}
