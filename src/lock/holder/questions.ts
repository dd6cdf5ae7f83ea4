// One question to a keeper about one lock, and what follows from its answer, or from there being none.
import type { LockRange } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, Member, ToldWithLock } from '../../ports/locks.ts'
import { PotluckError } from '../../base/errors.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import type { Place } from '../place.ts'
import type { HeldInode } from './held-inode.ts'
import type { Leases } from './leases.ts'

export type Attempt = {
  readonly inode: HeldInode
  readonly range: LockRange
  readonly wait: boolean
  readonly signal?: AbortSignal | undefined
}

/** `unknown`: the keeper may have done it. `later`: it has not, now, and may another time. */
export type Outcome = 'done' | 'conflict' | 'deadlock' | 'full' | 'later' | 'unknown'

/** After these it is clear what the keeper has done, of earlier attempts too. */
const CERTAIN: ReadonlySet<Outcome> = new Set(['done', 'conflict', 'deadlock'])

export function isCertain(outcome: Outcome): boolean {
  return CERTAIN.has(outcome)
}

export type QuestionsInit = {
  readonly clock: Clock
  readonly ask: Ask
  readonly council: Council
  readonly leases: Leases
  readonly onSilence: (keeper: Member) => void
  /** What this node knows to have changed, for whoever has the lock next. */
  readonly tell: (place: Place) => Promise<ToldWithLock>
  /** What whoever has the lock now must know of. */
  readonly heed: (place: Place, said: Lease) => void
  /** An answer has come, or will never come. */
  readonly onIdle: (inode: HeldInode) => void
}

type Lease = LockAnswer & { readonly type: 'lease' }

type Said = {
  readonly keeper: Member
  readonly range: LockRange
  readonly answer: LockAnswer
  readonly askedMs: number
  readonly session: number
}

export class Questions {
  readonly #init: QuestionsInit

  constructor(init: QuestionsInit) {
    this.#init = init
  }

  /** Asks once. Never rejects. */
  async try({ inode, range, wait, signal }: Attempt, keeper: Member): Promise<Outcome> {
    const { ask, clock, council, leases, onSilence, onIdle } = this.#init
    const signals = [inode.asking.signal, ...(signal ? [signal] : [])]
    inode.began(range.owner)
    try {
      const told = await this.#init.tell(inode.place)
      const { session } = leases.of(keeper)
      const turn = { epoch: council.self.epoch, session, sequence: leases.next() }
      const question = { step: 'set', ...inode.place, ...turn, ...told, range, wait } as const
      const askedMs = clock.now()
      const answer = await ask(keeper.peer, question, { signal: AbortSignal.any(signals) })
      return this.#heed(inode, { keeper, range, answer, askedMs, session })
    } catch {
      if (!signals.some(({ aborted }) => aborted)) onSilence(keeper)
      return 'unknown'
    } finally {
      inode.ended(range.owner)
      onIdle(inode)
    }
  }

  #heed(inode: HeldInode, said: Said): Outcome {
    const { council, leases } = this.#init
    const { answer, keeper, range } = said
    if (answer.type === 'conflict') return 'conflict'
    if (answer.type === 'lease') {
      const isInTime = leases.granted(keeper, answer, said.askedMs)
      if (!isInTime && range.kind !== 'none') return 'unknown'
      inode.keeper = keeper
      inode.set(range)
      if (range.kind !== 'none') this.#init.heed(inode.place, answer)
      return 'done'
    }
    if (answer.type !== 'refused') return 'later'
    council.adopt(answer.roll)
    const isSameLease = leases.of(keeper).session === said.session
    if (answer.why === 'expired' && isSameLease) leases.forgotten(keeper)
    return answer.why === 'deadlock' || answer.why === 'full' ? answer.why : 'later'
  }
}

export function unavailable(): PotluckError {
  return new PotluckError('ENOLCK', 'no majority of the voters can be asked for the lock now')
}

/** @throws PotluckError EAGAIN, EDEADLK or ENOLCK where there is no sense in trying again */
export function failFor(outcome: Outcome): void {
  if (outcome === 'conflict') throw new PotluckError('EAGAIN', 'another process has locked it')
  if (outcome === 'deadlock') throw new PotluckError('EDEADLK', 'each would wait for the other')
  if (outcome === 'full') throw new PotluckError('ENOLCK', 'too many locks, or too many who wait')
}
