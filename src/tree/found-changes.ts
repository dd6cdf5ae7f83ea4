// What this node finds at the source that nobody has told: somebody changed it behind the mesh's back. The
// others are told, so that one look at the source serves them all.
import type { Clock } from '../ports/clock.ts'
import type { Attributes, Inode, Invalidation, Stamp, Want } from '../ports/messages.ts'
import { type HybridClock, toldBy } from '../block/stamp.ts'
import { versionOf } from '../block/version.ts'
import { Page } from '../wire/page.ts'
import { changesBetween, type Known } from './page-diff.ts'

/** A file that is written all the time is told of no more often than this. */
const TELL_EVERY_MS = 1_000
const TOLD_MAX = 1_024

/** `begunMs`: when the source was asked. */
type Changed = { readonly attributes: Attributes; readonly begunMs: number }
type Reading = { readonly bytes: Uint8Array; readonly stamp: Stamp }

export type FoundChangesInit = {
  readonly clock: Clock
  readonly stamps: HybridClock
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
   * A page that was here was read again, and is itself new enough for what it shows. Nobody was told of
   * that before, so pages by a clock that is ahead stay good until they are checked, as all do.
   */
  reread(
    { inode: directory, volume }: Want,
    [before, { bytes, stamp }]: readonly [Uint8Array, Reading],
    known?: Known,
  ): void {
    const pages = [new Page(before), new Page(bytes)] as const
    const inodes = changesBetween(directory, pages, known)
    this.#init.tell(inodes.map((inode) => ({ volume, inode, stamp: toldBy(stamp) })))
  }

  /**
   * A file was not of the version that somebody's attributes have. It is told like any change, with what it
   * is now, made at some moment until now: else whoever has heard of the change before it, by a clock that
   * is ahead, would take that for the later one.
   *
   * @param isHeld whether a block is here, and as new as it has to be. Who wanted another state than that
   *   had not heard of it yet; to tell of it once more would make old what all hold.
   */
  changed(want: Want, found: Changed, isHeld: (want: Want) => boolean): void {
    const { attributes, begunMs } = found
    if (isHeld({ ...want, version: versionOf(attributes) })) return
    const { volume, inode } = want
    const now = this.#init.clock.now()
    if (now - (this.#toldMs.get(inode) ?? -Infinity) < TELL_EVERY_MS) return
    this.#toldMs.delete(inode)
    this.#toldMs.set(inode, now)
    const [oldest] = this.#toldMs.keys()
    if (this.#toldMs.size > TOLD_MAX && oldest !== undefined) this.#toldMs.delete(oldest)
    const when = { stamp: this.#init.stamps.tick(), tookMs: Math.ceil(now - begunMs) }
    const news = { type: 'attributes', attributes, isContent: true } as const
    this.#init.tell([{ volume, inode, ...when, news }])
  }
}
