// The newest rumors of one life of one publisher: which numbers were heard, which are missing.
import type { Invalidation, PeerId, Rumor } from '../ports/messages.ts'

/** How many rumors of a publisher are kept for others who missed them. */
export const KEPT = 512
/** Trimmed so many at a time, not one by one. */
const TRIM_AT = KEPT + 64

export type Life = { readonly publisher: PeerId; readonly epoch: number }

/** By which a map has it. */
export function nameOfLife({ publisher, epoch }: Life): string {
  return `${epoch} ${publisher}`
}

export class PublisherLog {
  readonly publisher: PeerId
  readonly epoch: number
  /** All numbers up to this one were heard, or given up on. */
  #contiguous = 0
  #newest = 0
  #bytes = 0
  readonly #rumors = new Map<number, Rumor>()

  constructor(life: Life) {
    this.publisher = life.publisher
    this.epoch = life.epoch
  }

  /** The newest number known to exist, heard or not. */
  get newest(): number {
    return this.#newest
  }

  get isEmpty(): boolean {
    return this.#newest === 0
  }

  /** What the rumors kept cost, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Rumors are missing that are older than what anybody keeps. */
  get isLost(): boolean {
    return this.#newest - KEPT > this.#contiguous
  }

  /** True where the rumor is new here. */
  add(rumor: Rumor): boolean {
    if (rumor.number <= this.#contiguous || this.#rumors.has(rumor.number)) return false
    this.#rumors.set(rumor.number, rumor)
    this.#bytes += rumorBytes(rumor)
    this.noteNewest(rumor.number)
    this.#advance()
    return true
  }

  noteNewest(number: number): void {
    this.#newest = Math.max(this.#newest, number)
  }

  /** The first run of numbers that are missing, as far as others keep them; or undefined. */
  gap(): { readonly from: number; readonly to: number } | undefined {
    const from = Math.max(this.#contiguous, this.#newest - KEPT) + 1
    if (from > this.#newest) return undefined
    let to = from
    while (to < this.#newest && !this.#rumors.has(to + 1)) to += 1
    return { from, to }
  }

  /** Counts everything up to `number` as heard. */
  skipTo(number: number): void {
    this.#contiguous = Math.max(this.#contiguous, number)
    this.noteNewest(number)
    this.#advance()
  }

  range(from: number, to: number): Rumor[] {
    const found: Rumor[] = []
    const oldest = Math.max(from, this.#newest - KEPT + 1)
    for (let number = oldest; number <= Math.min(to, this.#newest); number++) {
      const rumor = this.#rumors.get(number)
      if (rumor !== undefined) found.push(rumor)
    }
    return found
  }

  /** Lets the older half go; others must get them elsewhere. */
  shed(): void {
    const numbers = [...this.#rumors.keys()].sort((a, b) => a - b)
    for (const number of numbers.slice(0, (numbers.length + 1) >> 1)) this.#drop(number)
  }

  #advance(): void {
    while (this.#rumors.has(this.#contiguous + 1)) this.#contiguous += 1
    if (this.#rumors.size <= TRIM_AT) return
    // What is beyond a gap stays: it was heard, and the gap must not pass for heard with it.
    const last = Math.min(this.#contiguous, this.#newest - KEPT)
    for (const number of this.#rumors.keys()) if (number <= last) this.#drop(number)
  }

  #drop(number: number): void {
    const rumor = this.#rumors.get(number)
    if (rumor === undefined) return
    this.#rumors.delete(number)
    this.#bytes -= rumorBytes(rumor)
  }
}

/** About what a rumor costs in memory, and more than it costs on the wire. */
export function rumorBytes(rumor: Rumor): number {
  let bytes = 200
  for (const invalidation of rumor.invalidations) bytes += invalidationBytes(invalidation)
  return bytes
}

/** More than any attributes take, besides their inode. */
const ATTRIBUTES_BYTES = 100

export function invalidationBytes({ volume, inode, news }: Invalidation): number {
  // A volume's name is text, of at most 3 bytes a character.
  const bytes = 3 * volume.length + inode.length + 48
  if (news === undefined) return bytes
  if (news.type === 'attributes') return bytes + ATTRIBUTES_BYTES + news.attributes.inode.length
  if (news.type === 'dirty') return bytes + news.by.length + (news.copy?.length ?? 0)
  const { name, by, entry } = news
  const target = entry?.target?.length ?? 0
  const entryBytes = ATTRIBUTES_BYTES + (entry?.attributes.inode.length ?? 0) + target
  return bytes + name.length + by.length + entryBytes
}
