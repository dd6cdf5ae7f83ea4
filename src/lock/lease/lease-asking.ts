// Asking keepers for leases. Nobody asks twice for the same; and an answer that was overtaken by a recall is
// none. What has to be heard before a lease is of use is heard before it is held.
import { Stopper } from '../../base/abort.ts'
import type { Counters } from '../../base/counters.ts'
import { sleep } from '../../base/time.ts'
import { floorOf, SKEW_MS } from '../../block/stamp.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LeaseAnswer, LeaseKind, LeaseQuestion } from '../../ports/leases/lease-messages.ts'
import type { Member } from '../../ports/locks.ts'
import type { Inode, PeerId, RumorHead, Stamp } from '../../ports/messages.ts'
import { MAX_LEASED_INODES } from '../../wire/limits.ts'
import type { Council } from '../roll/council.ts'
import { keeperOf } from '../roll/roll.ts'
import type { HeldInit, Term } from './held.ts'
import type { HeldTerms } from './held-terms.ts'
import { nameOfPlace, type Place } from '../place.ts'
import { LEASE_PATIENCE_MS } from './lease-terms.ts'
import type { AskLease } from './recalls.ts'

const AGAIN_MS = 40

type Leased = {
  readonly answer: LeaseAnswer & { readonly type: 'leased' }
  readonly askedMs: number
}

export type LeaseAskingInit = {
  readonly clock: Clock
  readonly counters: Counters
  readonly ask: AskLease
  readonly council: Council
  readonly terms: HeldTerms
  readonly needRoll: () => Promise<void>
  readonly onSilence: (keeper: Member) => void
  /** Takes in all that was told up to there; false where that can't be had. */
  readonly hear: (head: RumorHead) => Promise<boolean>
  /** Nothing that was read before now may be used. */
  readonly doubt: (place: Place) => void
  readonly witness: (stamp: Stamp) => void
  readonly onLeased: (term: Term, leased: HeldInit) => void
}

/** What is being asked for; a recall that overtakes the answer makes it void. */
type Asking = {
  readonly keeper: Member
  readonly volume: string
  readonly inodes: readonly Inode[]
  readonly recalled: Map<Inode, number>
}

type Ask = { readonly volume: string; readonly kind: LeaseKind; readonly isPatient: boolean }

export class LeaseAsking {
  readonly #init: LeaseAskingInit
  readonly #asking = new Set<Asking>()
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(init: LeaseAskingInit) {
    this.#init = init
  }

  recalled(from: PeerId, question: LeaseQuestion & { readonly step: 'recall' }): void {
    const { volume, inode, turn } = question
    for (const { keeper, inodes, recalled, volume: asked } of this.#asking) {
      if (keeper.peer !== from || asked !== volume || !inodes.includes(inode)) continue
      recalled.set(inode, Math.max(turn, recalled.get(inode) ?? 0))
    }
  }

  /** Resolves once something may have changed; never rejects. */
  bring(inodes: readonly Inode[], ask: Ask): Promise<void> {
    const nameFor = (inode: Inode) => `${ask.kind} ${nameOfPlace({ volume: ask.volume, inode })}`
    const fresh = inodes.filter((inode) => !this.#underWay.has(nameFor(inode)))
    const waits = new Set(inodes.flatMap((inode) => this.#underWay.get(nameFor(inode)) ?? []))
    if (fresh.length > 0) {
      const asked = this.#askAll(fresh, ask).finally(() => {
        for (const inode of fresh) this.#underWay.delete(nameFor(inode))
      })
      for (const inode of fresh) this.#underWay.set(nameFor(inode), asked)
      waits.add(asked)
    }
    return Promise.all(waits).then(() => undefined)
  }

  async #askAll(inodes: readonly Inode[], ask: Ask): Promise<void> {
    const { council, needRoll, clock } = this.#init
    const { roll } = council
    if (roll === undefined) {
      await Promise.race([needRoll(), sleep(clock, LEASE_PATIENCE_MS)])
      return
    }
    const byKeeper = Map.groupBy(inodes, (inode) =>
      keeperOf(roll.keepers, { volume: ask.volume, inode }),
    )
    const asked: Promise<void>[] = []
    for (const [keeper, theirs] of byKeeper) {
      for (let at = 0; at < theirs.length; at += MAX_LEASED_INODES) {
        const part = theirs.slice(at, at + MAX_LEASED_INODES)
        asked.push(this.#askOne(keeper, part, { ...ask, roll: roll.number }))
      }
    }
    await Promise.all(asked)
  }

  async #askOne(
    keeper: Member,
    inodes: readonly Inode[],
    { volume, kind, isPatient, roll }: Ask & { readonly roll: number },
  ): Promise<void> {
    const { clock, council, ask, counters, onSilence } = this.#init
    const { epoch } = council.self
    const asking: Asking = { keeper, volume, inodes, recalled: new Map() }
    this.#asking.add(asking)
    const stopper = new Stopper()
    const cancel = clock.after(LEASE_PATIENCE_MS, () => stopper.abort())
    const askedMs = clock.now()
    const session = this.#init.terms.sessionAt(keeper)
    const question = { step: 'ask', epoch, roll, session, kind, volume, inodes, isPatient } as const
    counters.add('lease_questions_total')
    try {
      const answer = await ask(keeper.peer, question, { signal: stopper })
      if (answer.type === 'leased') await this.#leased(asking, kind, { answer, askedMs })
      else if (answer.type === 'refused') await this.#refused(keeper, answer)
    } catch {
      onSilence(keeper)
      await sleep(clock, AGAIN_MS)
    } finally {
      cancel()
      this.#asking.delete(asking)
    }
  }

  async #refused(
    keeper: Member,
    { why, roll }: LeaseAnswer & { readonly type: 'refused' },
  ): Promise<void> {
    const { council, clock } = this.#init
    if (why === 'expired') return this.#init.terms.forget(keeper)
    const isNews = council.adopt(roll)
    if (!isNews) await sleep(clock, AGAIN_MS)
    return undefined
  }

  async #leased(asking: Asking, kind: LeaseKind, given: Leased): Promise<void> {
    const { answer, askedMs } = given
    this.#init.witness(answer.now)
    const term = this.#init.terms.granted(asking.keeper, answer, askedMs)
    const changes = new Map(answer.changes.map((change) => [change.index, change]))
    const refused = new Set(answer.refused)
    const heads = new Map<string, RumorHead>()
    for (const change of answer.changes) {
      for (const head of change.heads) {
        heads.set(`${head.number} ${head.epoch} ${head.publisher}`, head)
      }
    }
    const unheard = new Set<string>()
    await Promise.all(
      [...heads].map(async ([name, head]) => {
        if (!(await this.#init.hear(head))) unheard.add(name)
      }),
    )
    // What was read a moment before may be stamped later than what nobody tells, by clocks that differ.
    if (unheard.size > 0) await sleep(this.#init.clock, SKEW_MS)
    for (const [index, inode] of asking.inodes.entries()) {
      if (refused.has(index) || (asking.recalled.get(inode) ?? -1) >= answer.turn) continue
      const change = changes.get(index)
      const place = { volume: asking.volume, inode }
      const isUnheard = change?.heads.some(({ number, epoch, publisher }) =>
        unheard.has(`${number} ${epoch} ${publisher}`),
      )
      if (isUnheard === true) this.#init.doubt(place)
      const since = floorOf(change?.since ?? answer.since)
      this.#init.onLeased(term, { place, kind, turn: answer.turn, since })
    }
  }
}
