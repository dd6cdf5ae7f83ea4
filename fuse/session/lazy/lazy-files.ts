// Files that the kernel reads without having opened them (zero-message opens): the first OPEN is
// answered ENOSYS, and from then on neither OPEN nor RELEASE is ever sent. A hot open, read and
// close then costs no request at all. What was said by opening is now said by notifies alone.
//
// A read names an inode only, so that its file is opened here when it is first read, and released
// when the kernel forgets the inode, when it was invalidated, or when too many are open.
import { codeOf } from '../../../src/base/errors.ts'
import type { Nodeid, Options, Volume } from '../../../src/volume/volume.ts'

const MAX_OPEN = 1024

type LazyFile = { readonly handle: Promise<number>; readers: number; isDropped: boolean }
type Range = { readonly from: number; readonly length: number }

export class LazyFiles {
  readonly #volume: Volume
  readonly #maxOpen: number
  /** The least recently read first. */
  readonly #files = new Map<Nodeid, LazyFile>()

  constructor(volume: Volume, maxOpen = MAX_OPEN) {
    this.#volume = volume
    this.#maxOpen = maxOpen
  }

  get size(): number {
    return this.#files.size
  }

  async read(nodeid: Nodeid, range: Range, options: Options): Promise<readonly Uint8Array[]> {
    try {
      return await this.#readOnce(nodeid, range, options)
    } catch (error) {
      // What was open is no longer what is there: a program that opened it now would get the new.
      if (codeOf(error) !== 'ESTALE') throw error
      this.drop(nodeid)
      return this.#readOnce(nodeid, range, options)
    }
  }

  async #readOnce(nodeid: Nodeid, range: Range, options: Options) {
    const file = this.#use(nodeid)
    file.readers++
    try {
      return await this.#volume.read(await file.handle, range, options)
    } finally {
      file.readers--
      this.#releaseIfUnused(file)
    }
  }

  #use(nodeid: Nodeid): LazyFile {
    const file = this.#files.get(nodeid) ?? this.#open(nodeid)
    this.#files.delete(nodeid)
    this.#files.set(nodeid, file)
    const [oldest] = this.#files.keys()
    if (this.#files.size > this.#maxOpen && oldest !== undefined) this.drop(oldest)
    return file
  }

  /** Shared by all who read the file, so that no one's signal ends it. */
  #open(nodeid: Nodeid): LazyFile {
    const handle = this.#volume.open(nodeid).then((opened) => opened.handle)
    const file = { handle, readers: 0, isDropped: false }
    handle.catch(() => {
      if (this.#files.get(nodeid) === file) this.drop(nodeid)
    })
    return file
  }

  /** The next read opens the file anew; those under way end with what they have. */
  drop(nodeid: Nodeid): void {
    const file = this.#files.get(nodeid)
    if (file === undefined) return
    this.#files.delete(nodeid)
    file.isDropped = true
    this.#releaseIfUnused(file)
  }

  dropAll(): void {
    for (const nodeid of this.#files.keys()) this.drop(nodeid)
  }

  #releaseIfUnused(file: LazyFile): void {
    if (!file.isDropped || file.readers > 0) return
    const release = (handle: number) => this.#volume.release(handle)
    // One that could not be opened has nothing to release.
    file.handle.then(release, () => undefined)
  }
}
