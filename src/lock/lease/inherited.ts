// What a keeper has taken over with the newest roll: inodes that another kept before. What that one leased
// to readers it does not know, so nobody may change them before all such leases have run out; and of
// their changes it has not heard, so nobody may use what was read before.
import type { Clock } from '../../ports/clock.ts'
import type { Roll } from '../../ports/locks.ts'
import type { Stamp } from '../../ports/messages.ts'
import type { Council } from '../roll/council.ts'
import { has, isSame, isSameRoll, keeperOf, nameOf } from '../roll/roll.ts'
import type { Place } from './lease-table.ts'

export type InheritedInit = {
  readonly clock: Clock
  readonly council: Council
  readonly leaseMs: number
  readonly now: () => Stamp
  readonly knownForMs: (place: Place) => number
  readonly knownFromMs: () => number
}

export class Inherited {
  readonly #init: InheritedInit
  /** It kept by the roll before, and has missed none between. */
  #hasStayed = false
  /** From when on all that it kept by the roll before may be changed. */
  #ownFromMs = 0
  /** Some of it another has kept by the roll before this one. */
  #hasInherited = false
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
    const { council, leaseMs, knownFromMs } = this.#init
    const isNext =
      before !== undefined && isSameRoll({ ...before, number: before.number + 1 }, roll)
    const hasStayed = isNext && has(before.keepers, council.self) && council.isKeeper
    const runOutMs = Math.max(this.#ownFromMs, this.#hasInherited ? knownFromMs() + leaseMs : 0)
    this.#since.clear()
    this.#ownFromMs = hasStayed ? runOutMs : 0
    if (this.#hasInherited || !hasStayed) this.#ownSince = undefined
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

  /** What others were leased of it by another keeper has run out. */
  hasRunOut(place: Place): boolean {
    const { clock, leaseMs, knownForMs } = this.#init
    if (this.#keeperBefore(place) === undefined) return clock.now() >= this.#ownFromMs
    return knownForMs(place) >= leaseMs
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
