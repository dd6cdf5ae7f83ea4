// What keepers said of what they kept, when another took it over: all that those who had locks of it had
// said to them. One that died says nothing; then whoever gets a lock of what it kept drops all that is
// cached from before.
//
// It must never say too early until when changes may be untold: the time counts that is read when it is
// first asked for, since the keeper before has granted nothing more by then.
import type { Member, Roll, ToldWithLock } from '../../ports/locks.ts'
import type { Stamp } from '../../ports/messages.ts'
import { has, isSame, keeperOf, nameOf } from '../roll/roll.ts'
import type { Place } from '../place.ts'
import { mergeTold, UNSAID } from './merge.ts'

export type SuccessionInit = {
  readonly self: Member
  /** A stamp later than that of any change this node has heard of. */
  readonly now: () => Stamp
}

export class Succession {
  readonly #init: SuccessionInit
  #previous: readonly Member[] = []
  /** Of those, the ones that kept something which this node keeps now. */
  #givers: readonly Member[] = []
  /** By the keeper before; this node is one of those where it was. */
  #said = new Map<string, ToldWithLock>()
  readonly #since = new Map<string, Stamp>()

  constructor(init: SuccessionInit) {
    this.#init = init
  }

  /**
   * `hasStayed`: this node was a keeper by the roll before. @returns all that is known of what it kept
   * by that, and that nobody has asked for since; undefined where something is not
   */
  adopted({ previous, keepers }: Roll, hasStayed: boolean): ToldWithLock | undefined {
    const { self } = this.#init
    const own = hasStayed ? this.#all() : undefined
    this.#previous = previous
    // Between two that stay nothing moves.
    const gives = (one: Member): boolean => !has(keepers, one) || isSame(one, self)
    this.#givers = hasStayed ? previous.filter(gives) : previous
    this.#since.clear()
    this.#said = new Map()
    const known = previous.length === 0 ? UNSAID : own
    if (known !== undefined) this.#said.set(nameOf(self), known)
    return own
  }

  /** A keeper hands over; without `told` it does not know all itself. */
  said(by: Member, told: ToldWithLock | undefined): void {
    if (told !== undefined) this.#said.set(nameOf(by), told)
  }

  /** `since`: what was changed by then may be untold; 0 for nothing. */
  of(place: Place): ToldWithLock & { readonly since: Stamp } {
    const { self, now } = this.#init
    const name = nameOf(this.#previous.length === 0 ? self : keeperOf(this.#previous, place))
    const said = this.#said.get(name)
    if (said !== undefined) return { ...said, since: 0 }
    const since = this.#since.get(name) ?? now()
    this.#since.set(name, since)
    return { ...UNSAID, since }
  }

  #all(): ToldWithLock | undefined {
    const givers = this.#previous.length === 0 ? [this.#init.self] : this.#givers
    return mergeTold(givers.map((giver) => this.#said.get(nameOf(giver))))
  }
}
