// What a lock promises beside exclusion: who gets it sees what others wrote under it before. Rumors of
// that may come later than the lock, so each lock carries the stamp of the newest change with it.
import type { Inode, Stamp } from '../ports/messages.ts'

const INODES_MAX = 16_384

/** The newest stamp of each of some inodes; the one that was touched longest ago is forgotten first. */
export class KnownChanges {
  readonly #stamps = new Map<string, Stamp>()

  of(place: { readonly volume: string; readonly inode: Inode }): Stamp | undefined {
    return this.#stamps.get(`${place.inode} ${place.volume}`)
  }

  /** True where that is news. */
  raise(place: { readonly volume: string; readonly inode: Inode }, stamp: Stamp): boolean {
    const name = `${place.inode} ${place.volume}`
    const known = this.#stamps.get(name)
    if (known !== undefined && known >= stamp) return false
    this.#stamps.delete(name)
    this.#stamps.set(name, stamp)
    if (this.#stamps.size <= INODES_MAX) return true
    for (const oldest of this.#stamps.keys()) {
      this.#stamps.delete(oldest)
      break
    }
    return true
  }

  clear(): void {
    this.#stamps.clear()
  }
}
