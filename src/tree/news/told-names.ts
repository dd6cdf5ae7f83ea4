// What was told of a volume since its pages were read, so that no page need be read again because of a
// change whose outcome everyone has heard. A directory of 10,000 names into which 10,000 files are
// unpacked is listed a few times, not 10,000 times.
//
// How a name is decided. A change of the stamp T was made before T, by the clock of whoever made it; all
// who hear of it keep it here. A page of the stamp S was read after S began, give or take what
// clocks differ. So a page of S ≥ outdoneBy(T) was read after the change and has it, and counts; an
// older page may miss it, and what was told counts. (Had somebody behind the mesh's back changed the
// name once more in the second between, that is noticed when the page is next checked, as all that they
// do.) Changes are kept here with the stamp of a reading that was made because of them, floorOf(T):
// whatever is learned of them satisfies a floor that high, and must not satisfy a higher one.
//
// In between, the source's own clock may say it: a page was listed after the ctime that it has of its
// directory, so one that has a later ctime than the directory had with the change has the change. However
// late a rumor is, it does not undo what such a page has shown.
//
// Two changes of one name, by two publishers, whose times are closer than clocks differ (block/order.ts),
// and with different outcomes, may have happened in either order. Then the directory's floor is raised above
// both (`Doubts`): the next page says how it ended. Slow, never stale. One publisher's own changes are
// in the order of its stamps, because it makes the changes of one directory one at a time. But its next
// change does not end a doubt: it may as well be earlier than what the other one told. So the latest
// change of another publisher is kept beside the latest of all as long as it is that close.
//
// Told twice is told once. A page that overtakes its rumor shows the change, and the rumor then adds
// nothing. A page from a peer that has not heard yet, or that was read while the change was made, is
// corrected here by the asker, who has heard; and a peer hands a page out together with what it has
// heard since, so that a newcomer, who has heard nothing, misses nothing either.
//
// It must never forget what was told without raising the floor of what it was about.
import type { Inode, Name, NewsEntry, PeerId, Stamp } from '../../ports/messages.ts'
import {
  begunOf,
  type ChangeTime,
  compareChanged,
  isNear,
  SKEW,
  type When,
} from '../../block/order.ts'
import { floorOf } from '../../block/stamp.ts'

/**
 * How fresh a page must be to count for more than what was told, and is kept with this stamp. A page
 * may have been stamped ahead of its time by as much as clocks differ, for an asker's floor, and then
 * somebody whose clock is behind, and who has not heard yet, makes a change.
 */
export function outdoneBy(stamp: Stamp): Stamp {
  return floorOf(stamp)
}

/** Names told of in one directory; past it the older half goes, and the directory is read again. */
const NAMES_MAX = 4_096
/** In all directories of a volume together. */
const ALL_MAX = 32_768

/** `stamp`: of a reading that was made because of it. */
export type NameFact = When & {
  /** What the name leads to; undefined for nowhere. */
  readonly entry: NewsEntry | undefined
  readonly by: PeerId
  /** The directory's own ctime when this was so. */
  readonly changed: ChangeTime
  /** The latest that another publisher told, as long as it may be the later one. */
  readonly rival?: Omit<NameFact, 'rival' | 'settled'> | undefined
  /** After a doubt, or a change that nobody said more of: a page of this stamp counts, too. */
  readonly settled?: Stamp
}

/** A page, by its stamp and by what it says of its directory. */
export type DatedPage = { readonly stamp: Stamp; readonly page: { readonly self: ChangeTime } }

/** Whether what was told counts for more than this page. */
export function countsOver(fact: NameFact, { stamp, page }: DatedPage): boolean {
  const { settled = Infinity, changed } = fact
  if (Math.min(outdoneBy(fact.stamp), settled) <= stamp) return false
  return begunOf(fact) - stamp > 2 * SKEW || compareChanged(changed, page.self) >= 0
}

export type ToldNamesInit = {
  /** Nothing older than this says anything of the directory any more. */
  readonly raise: (directory: Inode, outdone: Stamp) => void
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

  directories(): IterableIterator<Inode> {
    return this.#directories.keys()
  }

  of(directory: Inode): ReadonlyMap<Name, NameFact> | undefined {
    return this.#directories.get(directory)
  }

  /** Takes in what was told. `doubtful`: nobody but a page that is read from now on can tell. */
  learn(directory: Inode, name: Name, fact: NameFact): 'new' | 'known' | 'doubtful' {
    const known = this.find(directory, name)
    const both = known === undefined ? { ...fact, verdict: 'new' as const } : compare(known, fact)
    const { verdict, ...kept } = both
    if (verdict !== 'known') this.#put(directory, name, kept)
    return verdict
  }

  /** From this stamp on a page says how it is with a name of which two changes are in doubt. */
  settle(directory: Inode, name: Name, settled: Stamp): void {
    const known = this.find(directory, name)
    if (known !== undefined) this.#put(directory, name, { ...known, settled })
  }

  /** Of all that was told before, too: something changed, and nobody said what. */
  settleAll(directory: Inode, settled: Stamp): void {
    const facts = this.#directories.get(directory)
    for (const [name, fact] of facts ?? []) {
      if (fact.stamp > settled || (fact.settled ?? Infinity) <= settled) continue
      facts?.set(name, { ...fact, settled })
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
    this.#init.raise(directory, outdoneBy(newest))
  }
}

type Compared = NameFact & { readonly verdict: 'new' | 'known' | 'doubtful' }

/** What is kept of two changes that were told. */
function compare(known: NameFact, fact: NameFact): Compared {
  const isLater = fact.stamp > known.stamp
  const isOld = !isLater && (fact.by === known.by || !isNear(known, fact))
  if (isOld || isBefore(fact, known.rival)) return { ...known, verdict: 'known' }
  const [{ entry, stamp, begun, by, changed }, other] = isLater ? [fact, known] : [known, fact]
  const latest = { entry, stamp, begun, by, changed }
  const rival = rivalOf(latest, [other, known.rival])
  const isDoubted = known.settled !== undefined
  if (rival !== undefined && (isDoubted || !isSameEntry(entry, rival.entry))) {
    return { ...latest, rival, verdict: 'doubtful' }
  }
  return { ...latest, rival, verdict: isLater ? 'new' : 'known' }
}

/** Told by the rival itself, at the same time or before. */
function isBefore({ by, stamp }: NameFact, rival: NameFact['rival']): boolean {
  return rival !== undefined && rival.by === by && rival.stamp >= stamp
}

function rivalOf(latest: NameFact, others: readonly NameFact['rival'][]): NameFact['rival'] {
  let rival: NameFact['rival']
  for (const other of others) {
    if (other === undefined || other.by === latest.by || !isNear(latest, other)) continue
    const { entry, stamp, begun, by, changed } = other
    if (rival === undefined || stamp > rival.stamp) rival = { entry, stamp, begun, by, changed }
  }
  return rival
}

type Leading = Pick<NewsEntry, 'attributes'> | undefined

/** Whether both lead to the same inode, or both nowhere. */
export function isSameEntry(a: Leading, b: Leading): boolean {
  return a?.attributes.inode === b?.attributes.inode
}
