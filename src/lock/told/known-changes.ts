// What a lock promises besides exclusion: who gets it sees all that was changed by those who had it
// before, of whatever file: a database locks one file, and relies on the names and bytes of others.
//
// Who asks its keeper for a lock, or gives it back, says where its rumors end (`own-words.ts`); the
// keeper says so to whoever gets the lock next (`last-words.ts`), and that one hears those rumors before
// it relies on the lock (`hearing.ts`). Where another keeper takes over, the one before hands on what was
// said to it (`succession.ts`). The newest change of the inode itself goes along, so that who
// knows of no rumor looks at the source.
//
// What is told goes by where it was told, never by what a node has changed itself since: who locks
// one part of a file knows nothing of what was written to another, however much later its own is.
import type { Stamp } from '../../ports/messages.ts'
import { nameOfPlace, type Place } from '../place.ts'

const INODES_MAX = 16_384

/** The newest stamp of each of some inodes; of the one touched longest ago only the most it can be. */
export class KnownChanges {
  readonly #stamps = new Map<string, Stamp>()
  #forgotten: Stamp = 0

  /** 0 where there is none. */
  of(place: Place): Stamp {
    return this.#stamps.get(nameOfPlace(place)) ?? this.#forgotten
  }

  /** True where that is news. */
  raise(place: Place, stamp: Stamp): boolean {
    const name = nameOfPlace(place)
    const known = this.#stamps.get(name)
    if (known !== undefined && known >= stamp) return false
    this.#stamps.delete(name)
    this.#stamps.set(name, stamp)
    if (this.#stamps.size <= INODES_MAX) return true
    for (const [oldest, of] of this.#stamps) {
      this.#stamps.delete(oldest)
      this.#forgotten = Math.max(this.#forgotten, of)
      break
    }
    return true
  }
}
