// Whether this node may act as a keeper now: a majority of the roll's voters has vouched for it a moment
// ago. On the smaller side of a partition there is no such majority, so that there are never two keepers
// of one inode.
import type { Clock } from '../../ports/clock.ts'
import type { Roll } from '../../ports/locks.ts'
import { type Ask, gatherVotes } from './ballots.ts'
import type { Council } from './council.ts'
import { isSameRoll, majorityOf, votersOf } from './roll.ts'
import { LEASE_MS, RENEW_MS } from '../terms.ts'

export type MandateInit = { readonly clock: Clock; readonly ask: Ask; readonly council: Council }

export class Mandate {
  readonly #init: MandateInit
  #roll: Roll | undefined
  #untilMs = 0
  #renewing: Promise<boolean> | undefined

  constructor(init: MandateInit) {
    this.#init = init
  }

  /** For so long this node may let others rely on it; 0 where it may not. */
  get leftMs(): number {
    const { clock, council } = this.#init
    const [mine, newest] = [this.#roll, council.roll]
    if (mine === undefined || newest === undefined || !isSameRoll(mine, newest)) return 0
    return Math.max(0, this.#untilMs - clock.now())
  }

  /** Has it renewed where it is not fresh; true where there is one then. */
  async hold(): Promise<boolean> {
    if (this.leftMs > LEASE_MS - RENEW_MS) return true
    const renewed = this.#renew()
    // What is there still is good enough, and the next will find it fresh.
    if (this.leftMs < LEASE_MS / 2) await renewed
    return this.leftMs > 0
  }

  /** True where the voters said *after* this was asked that there is no newer roll. */
  async confirm(): Promise<boolean> {
    await this.#renewing
    return this.#renew()
  }

  #renew(): Promise<boolean> {
    this.#renewing ??= this.#askVoters().finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  async #askVoters(): Promise<boolean> {
    const { clock, council } = this.#init
    const { roll, self } = council
    if (roll === undefined || !council.isKeeper) return false
    const startMs = clock.now()
    const question = { step: 'vouch', epoch: self.epoch, roll } as const
    const voters = { voters: votersOf(roll), needed: majorityOf(roll) }
    if ((await gatherVotes(this.#init, question, voters)) === undefined) return false
    this.#roll = roll
    this.#untilMs = startMs + LEASE_MS
    return true
  }
}
