// What a keeper has taken over with the newest roll: inodes that another kept before. What that one leased
// to readers it does not know, so nobody may change them before all such leases have run out; and of
// their changes it has not heard, so nobody may use what was read before.
import type { Clock } from '../../ports/clock.ts'
import type { Roll } from '../../ports/locks.ts'
import type { Stamp } from '../../ports/messages.ts'
import type { Inheritance } from '../keeper/inheritance.ts'
import type { Council } from '../roll/council.ts'
import { has, isSame, isSameRoll, keeperOf, nameOf } from '../roll/roll.ts'
import { fadeMs } from './lease-terms.ts'
import type { Place } from '../place.ts'

export type InheritedInit = {
  readonly clock: Clock
  readonly council: Council
  readonly leaseMs: number
  readonly now: () => Stamp
  readonly inheritance: () => Inheritance
}

export class Inherited {
  readonly #init: InheritedInit
  /** It kept by the roll before, and has missed none between. */
  #hasStayed = false
  /** Some of it another has kept by the roll before this one. */
  #hasInherited = false
  #adoptedMs = 0
  /** From when on all that it kept by the roll before is known, and may be changed. */
  #own = { knownMs: 0, runOutMs: 0 }
  /** Of what it kept itself; made when first needed, and so after all others' changes are over. */
  #ownSince: Stamp | undefined
  /** By the keeper before. */
  readonly #since = new Map<string, Stamp>()

  constructor(init: InheritedInit) {
    this.#init = init
  }

  /**
   * To be told before what other keepers knew is forgotten. @returns whether what was known of leases
   * before is still so
   */
  adopted(roll: Roll, before: Roll | undefined): boolean {
    const { council, clock } = this.#init
    const isNext =
      before !== undefined && isSameRoll({ ...before, number: before.number + 1 }, roll)
    const hasStayed = isNext && has(before.keepers, council.self) && council.isKeeper
    this.#own = hasStayed ? this.#ownFrom() : { knownMs: 0, runOutMs: 0 }
    this.#since.clear()
    if (this.#hasInherited || !hasStayed) this.#ownSince = undefined
    this.#adoptedMs = clock.now()
    this.#hasStayed = hasStayed
    // What only joins takes from others, and gives them nothing.
    this.#hasInherited = !hasStayed || !before.keepers.every((one) => has(roll.keepers, one))
    return hasStayed
  }

  /** What was read before must not be used. */
  since(place: Place): Stamp {
    const { now } = this.#init
    const keeper = this.#keeperBefore(place)
    if (keeper === undefined) return (this.#ownSince ??= now())
    const known = this.#since.get(keeper) ?? now()
    this.#since.set(keeper, known)
    return known
  }

  /** Nobody changes it any more by what another keeper has leased. */
  isKnown(place: Place): boolean {
    const isOwn = this.#keeperBefore(place) === undefined
    return this.#isPast(isOwn ? this.#own.knownMs : this.#init.inheritance().from(place).knownMs)
  }

  /** Nor uses it. */
  hasRunOut(place: Place): boolean {
    const isOwn = this.#keeperBefore(place) === undefined
    return this.#isPast(isOwn ? this.#own.runOutMs : this.#init.inheritance().from(place).runOutMs)
  }

  #isPast(fromMs: number): boolean {
    return this.#init.clock.now() >= Math.min(fromMs, this.#fadedMs)
  }

  /** Whatever was leased by a roll before this has run out by then. */
  get #fadedMs(): number {
    return this.#adoptedMs + fadeMs(this.#init.leaseMs)
  }

  #ownFrom(): { readonly knownMs: number; readonly runOutMs: number } {
    if (!this.#hasInherited) return this.#own
    const { knownMs, runOutMs } = this.#init.inheritance().fromOthers
    return {
      knownMs: Math.max(this.#own.knownMs, Math.min(knownMs, this.#fadedMs)),
      runOutMs: Math.max(this.#own.runOutMs, Math.min(runOutMs, this.#fadedMs)),
    }
  }

  /** Undefined where it has kept it itself. */
  #keeperBefore(place: Place): string | undefined {
    const { roll, self } = this.#init.council
    const { previous = [] } = roll ?? {}
    if (previous.length === 0) return undefined
    const keeper = keeperOf(previous, place)
    return this.#hasStayed && isSame(keeper, self) ? undefined : nameOf(keeper)
  }
}
