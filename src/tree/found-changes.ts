// What this node finds at the source that nobody has told: somebody changed it behind the mesh's back. The
// others are told, so that one look at the source serves them all.
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Inode, Invalidation, Stamp, Want } from '../ports/messages.ts'
import { toldBy } from '../block/stamp.ts'
import { isSameContent, versionOf } from '../block/version.ts'
import { Page } from '../wire/page.ts'
import { areNamesEqual, changedInodes, type Known } from './page-diff.ts'

/** A file that is written all the time is told of no more often than this. */
const TELL_EVERY_MS = 1_000
const TOLD_MAX = 1_024

/** `begun`: a stamp from before the source has answered. */
type Changed = { readonly attributes: Attributes; readonly begun: Stamp }
type Readings = readonly [before: { readonly bytes: Uint8Array }, now: Reading]
type Reading = { readonly bytes: Uint8Array; readonly stamp: Stamp; readonly begun: Stamp }

export type FoundChangesInit = {
  readonly clock: Clock
  readonly tell: (invalidations: readonly Invalidation[]) => void
}

export class FoundChanges {
  readonly #init: FoundChangesInit
  /** When each file was last told of; the newest is the last. */
  readonly #toldMs = new Map<Inode, number>()

  constructor(init: FoundChangesInit) {
    this.#init = init
  }

  /**
   * A page that was here was read again. Files that changed are told of like any change, with what they
   * are now: else whoever hears late of the change before it, by a clock that is ahead, would take that
   * for the later one. Of directories only that they changed, and what was read is new enough for that.
   * Nobody was told of it before, so pages by a clock that is ahead stay good until they are checked.
   */
  reread({ inode: directory, volume }: Want, [before, now]: Readings, known?: Known): void {
    const pages = [new Page(before.bytes), new Page(now.bytes)] as const
    const told = changedInodes(pages, known).map(([was, attributes]): Invalidation => {
      const { inode, type } = attributes
      // Of a directory they say nothing of what is in it.
      if (type === 'directory') return { volume, inode, stamp: toldBy(now.stamp) }
      const isContent = !isSameContent(was, attributes)
      return {
        volume,
        inode,
        stamp: now.begun,
        news: { type: 'attributes', attributes, isContent },
      }
    })
    if (!areNamesEqual(...pages, known)) {
      told.push({ volume, inode: directory, stamp: toldBy(now.stamp) })
    }
    this.#init.tell(told)
  }

  /**
   * A file was not of the version that somebody's attributes have: told of in the same way.
   *
   * @param isHeld whether a block is here, and as new as it has to be. Who wanted another state than that
   *   had not heard of it yet; to tell of it once more would make old what all hold.
   */
  changed(want: Want, found: Changed, isHeld: (want: Want) => boolean): void {
    const { attributes, begun } = found
    if (isHeld({ ...want, version: versionOf(attributes) })) return
    const { volume, inode } = want
    const now = this.#init.clock.now()
    if (now - (this.#toldMs.get(inode) ?? -Infinity) < TELL_EVERY_MS) return
    this.#toldMs.delete(inode)
    this.#toldMs.set(inode, now)
    const [oldest] = this.#toldMs.keys()
    if (this.#toldMs.size > TOLD_MAX && oldest !== undefined) this.#toldMs.delete(oldest)
    const news = { type: 'attributes', attributes, isContent: true } as const
    this.#init.tell([{ volume, inode, stamp: begun, news }])
  }
}
