// What was told of a volume since its pages were read, so that no page need be read again because of a
// change whose outcome everyone has heard. A directory of 10,000 names into which 10,000 files are
// unpacked is listed a few times, not 10,000 times.
//
// How a name is decided. A change of the stamp T was made before T, by the clock of whoever made it; all
// who hear of it keep it here. A page of the stamp S was read after S began, give or take what
// clocks differ. So a page of S ≥ floorOf(T) was read after the change and has it, and counts; an
// older page may miss it, and what was told counts. (Had somebody behind the mesh's back changed the
// name once more in the half second between, that is noticed when the page is next checked, as all
// that they do.) Changes are kept here with the stamp that a page needs to outdo them, floorOf(T).
//
// Two changes of one name, by two publishers, whose stamps are closer than clocks differ, and with
// different outcomes, may have happened in either order. Then the directory's floor is raised above
// both: the next page says how it ended. Slow, never stale. One publisher's own changes are in the
// order of its stamps, because it makes the changes of one directory one at a time.
//
// Told twice is told once. A page that overtakes its rumor shows the change, and the rumor then adds
// nothing. A page from a peer that has not heard yet, or that was read while the change was made, is
// corrected here by the asker, who has heard; and a peer hands a page out together with what it has
// heard since, so that a newcomer, who has heard nothing, misses nothing either.
//
// It must never forget what was told without raising the floor of what it was about.
import type { Inode, Name, NewsEntry, PeerId, Stamp } from '../../ports/messages.ts'
import { floorOf } from '../../block/stamp.ts'

/** How far apart stamps have to be to say what was first. */
export const SKEW: Stamp = floorOf(0)

/** Names told of in one directory; past it the older half goes, and the directory is read again. */
const NAMES_MAX = 4_096
/** In all directories of a volume together. */
const ALL_MAX = 32_768

export type NameFact = {
  /** What the name leads to; undefined for nowhere. */
  readonly entry: NewsEntry | undefined
  /** A page of this stamp or later counts for more. */
  readonly stamp: Stamp
  readonly by: PeerId
}

export type ToldNamesInit = {
  /** Nothing older than this says anything of the directory any more. */
  readonly raise: (directory: Inode, floor: Stamp) => void
}

type Facts = Map<Name, NameFact>

export class ToldNames {
  readonly #init: ToldNamesInit
  /** The directory that something was told of last is the last. */
  readonly #directories = new Map<Inode, Facts>()
  #size = 0

  constructor(init: ToldNamesInit) {
    this.#init = init
  }

  get size(): number {
    return this.#size
  }

  find(directory: Inode, name: Name): NameFact | undefined {
    return this.#directories.get(directory)?.get(name)
  }

  of(directory: Inode): ReadonlyMap<Name, NameFact> | undefined {
    return this.#directories.get(directory)
  }

  /** Takes in what was told. `doubtful`: nobody but a page that is read from now on can tell. */
  learn(directory: Inode, name: Name, fact: NameFact): 'new' | 'known' | 'doubtful' {
    const known = this.find(directory, name)
    const verdict = known === undefined ? 'new' : compare(known, fact)
    if (verdict === 'known') return verdict
    if (known === undefined || fact.stamp > known.stamp) {
      this.#put(directory, name, fact)
    }
    return verdict
  }

  /** Forgets what no page can miss any more. */
  forgetBefore(stamp: Stamp): void {
    for (const [directory, facts] of this.#directories) {
      for (const [name, fact] of facts) {
        if (fact.stamp < stamp && facts.delete(name)) this.#size -= 1
      }
      if (facts.size === 0) this.#directories.delete(directory)
    }
  }

  #put(directory: Inode, name: Name, fact: NameFact): void {
    const facts: Facts = this.#directories.get(directory) ?? new Map()
    this.#directories.delete(directory)
    this.#directories.set(directory, facts)
    if (!facts.delete(name)) this.#size += 1
    facts.set(name, fact)
    if (facts.size > NAMES_MAX) this.#shed(directory, facts, NAMES_MAX / 2)
    while (this.#size > ALL_MAX) {
      const [oldest] = this.#directories
      if (oldest !== undefined) this.#shed(...oldest, oldest[1].size)
    }
  }

  /** Lets so many of a directory's facts go, those told of first. */
  #shed(directory: Inode, facts: Facts, count: number): void {
    let left = count
    let newest = 0
    for (const [name, fact] of facts) {
      if (left-- === 0) break
      facts.delete(name)
      this.#size -= 1
      newest = Math.max(newest, fact.stamp)
    }
    if (facts.size === 0) this.#directories.delete(directory)
    this.#init.raise(directory, newest)
  }
}

function compare(known: NameFact, fact: NameFact): 'new' | 'known' | 'doubtful' {
  const verdict = fact.stamp > known.stamp ? 'new' : 'known'
  const isOrdered = known.by === fact.by || Math.abs(fact.stamp - known.stamp) > SKEW
  return isOrdered || isSameEntry(known.entry, fact.entry) ? verdict : 'doubtful'
}

type Leading = Pick<NewsEntry, 'attributes'> | undefined

/** Whether both lead to the same inode, or both nowhere. */
export function isSameEntry(a: Leading, b: Leading): boolean {
  return a?.attributes.inode === b?.attributes.inode
}
