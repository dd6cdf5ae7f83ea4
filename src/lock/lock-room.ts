// Byte-range and whole-file locks across nodes, held by leases: POSIX's rules for processes anywhere in
// the mesh, and free again a bounded time after their node dies.
//
// Each inode's table is kept whole by one peer, its *keeper* (keeper/): the one closest to the inode's
// lock record of the at most 16 on the *roll* (roll/). So a lock is one question and one answer, the
// queue of those who wait is one, and a circle of waits shows. Three peers that each grant a part
// would need no less trust in who those three are, which is the hard part when the mesh is cut in
// two; so that is what is agreed on, by a majority, and only when it changes.
//
// Times, all durations (terms.ts): what a dead process held is free at once where its host refuses the
// connection, else LEASE_MS after its node's last sign of life. Where a keeper dies, those who hold
// locks claim them at its successor, which grants nothing new of its inodes for LEASE_MS. A node that
// can't renew in time knows that its locks are lost (`isLost`); what it writes then must fail.
//
// It must never let two nodes hold what excludes each other; so on the smaller side of a cut, and where
// a majority of voters falls silent at once, there are no locks (ENOLCK) until the others are back.
import type { LockRange } from '../ports/changes.ts'
import type { Clock } from '../ports/clock.ts'
import type { LockAnswer, LockQuestion, Member } from '../ports/locks.ts'
import type { Inode, Invalidation, PeerId, RumorHead } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Random } from '../ports/random.ts'
import type { Routing } from '../ports/routing.ts'
import { Stopper, type StopSignal } from '../base/abort.ts'
import type { Counters } from '../base/counters.ts'
import { PotluckError } from '../base/errors.ts'
import type { HybridClock } from '../block/stamp.ts'
import { Holder, type LockOptions } from './holder/holder.ts'
import { Keeper } from './keeper/keeper.ts'
import { LeaseRoom, type Leasing } from './lease/lease-room.ts'
import { Agreement } from './roll/agreement.ts'
import { Hearing, type HearingInit } from './told/hearing.ts'
import { KnownChanges } from './told/known-changes.ts'
import { OwnWords, type OwnWordsInit } from './told/own-words.ts'

export type LockRoomInit = {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly routing: Routing
  readonly counters: Counters
  /** This node's life number. */
  readonly epoch: number
  /** @default at once in company, 1_000 alone: see `Founding` */
  readonly foundAfterMs?: number | undefined
  /** Whether any process here may want a lock: else others are not even asked who grants them. */
  readonly isNeeded: boolean
  readonly stamps: HybridClock
  /** Where a volume is strict. */
  readonly leasing?: Leasing | undefined
} & Pick<HearingInit, 'apply' | 'hear'> &
  Pick<OwnWordsInit, 'tell' | 'onUntold'>

export type LockGauges = {
  /** Inodes kept for others or for itself that are locked or waited for. */
  readonly keptInodes: number
  readonly lockWaiters: number
  /** Leases given. */
  readonly lockLeases: number
  /** Inodes that processes of this node have locked. */
  readonly heldInodes: number
}

const NEVER: StopSignal = new Stopper()
const NOTHING_LEASED = { leasedForMs: 0, changedForMs: 0 }

export class LockRoom {
  readonly #init: LockRoomInit
  readonly #self: Member
  readonly #agreement: Agreement
  readonly #keeper: Keeper
  readonly #holder: Holder
  readonly #changes = new KnownChanges()
  readonly #own: OwnWords
  /** Of what is cached; undefined where no volume is strict. */
  readonly leases: LeaseRoom | undefined

  constructor(init: LockRoomInit) {
    this.#init = init
    this.#self = { peer: init.routing.self.peer, epoch: init.epoch }
    const ask = this.#ask.bind(this)
    this.#agreement = new Agreement({
      ...init,
      ask,
      self: this.#self,
      onAdopted: (roll, before) => {
        this.leases?.adopted(roll, before)
        this.#keeper.adopted(roll, before)
        this.#holder.adopted()
      },
      onGone: (peer, before) => {
        this.#keeper.gone(peer, before)
        this.leases?.gone(peer, before)
      },
      isSettled: () => this.#keeper.isSettled,
    })
    const { council, mandate } = this.#agreement
    const now = () => init.stamps.tick()
    const leasesLeft = () => this.leases?.departedLeft ?? NOTHING_LEASED
    this.#keeper = new Keeper({ ...init, ask, council, mandate, now, leasesLeft })
    this.leases = init.leasing && this.#makeLeases(init.leasing)
    this.#own = new OwnWords({ ...init, ask })
    const hearing = new Hearing({ ...init, changes: this.#changes })
    this.#holder = new Holder({
      ...init,
      ask,
      council,
      needRoll: () => this.#agreement.needRoll(),
      onSilence: (keeper) => this.#agreement.complain(keeper),
      tell: async (place) => ({ heads: await this.#own.heads(), told: this.#changes.of(place) }),
      heed: (place, said) => hearing.heed(place, said),
      heard: (place) => hearing.heard(place),
    })
  }

  start(): void {
    if (this.#init.isNeeded || this.leases !== undefined) this.#agreement.start()
  }

  gauges(): LockGauges {
    const { locks, waiters, sessions } = this.#keeper.gauges
    return {
      keptInodes: locks,
      lockWaiters: waiters,
      lockLeases: sessions,
      heldInodes: this.#holder.size,
    }
  }

  /**
   * Sets or drops a lock of one of this node's processes; with `wait` once it can be had.
   *
   * @throws PotluckError EAGAIN, EDEADLK, ENOLCK (nobody may grant it now), ABORTED by the signal
   */
  async lock(
    volume: string,
    inode: Inode,
    options: LockOptions & { readonly range: LockRange },
  ): Promise<void> {
    const { range, ...how } = options
    this.#init.counters.add(range.kind === 'none' ? 'unlocks_total' : 'locks_total')
    await this.#holder.lock({ volume, inode }, checked(range), how)
  }

  /**
   * What stands in the way of a lock. Its process is known by number only where it runs on this node;
   * elsewhere `pid` is 0.
   */
  async test(
    volume: string,
    inode: Inode,
    options: { readonly range: LockRange; readonly signal?: AbortSignal | undefined },
  ): Promise<LockRange | undefined> {
    const { range, signal } = options
    const conflict = await this.#holder.conflict({ volume, inode }, checked(range), signal)
    if (conflict === undefined) return undefined
    const isOurs = conflict.holder === this.#self.peer
    return isOurs ? conflict.range : { ...conflict.range, pid: 0 }
  }

  /** Drops all that an owner holds of an inode, by fcntl(2) or by flock(2). */
  async releaseOwner(
    volume: string,
    inode: Inode,
    { owner, isFlock }: { readonly owner: bigint; readonly isFlock: boolean },
  ): Promise<void> {
    const range = { kind: 'none', from: 0, to: Infinity, owner, pid: 0, isFlock } as const
    await this.#holder.lock({ volume, inode }, range, { wait: false })
  }

  /** What this node has changed itself: whoever locks one of these inodes next has to see it. */
  wrote(news: readonly Invalidation[]): void {
    for (const change of news) this.#changes.raise(change, change.stamp)
  }

  /** A peer has changed something for this node: whoever gets a lock of ours next has to see it. */
  madeBy(maker: Member): void {
    this.#own.madeBy(maker)
  }

  /** A process relied on a lock of this inode that ran out: others may have written meanwhile. */
  isLost(volume: string, inode: Inode): boolean {
    return this.#holder.isLost({ volume, inode })
  }

  /** Answers a peer. @throws PotluckError CLOSED for a life of it that is over */
  async answer(
    from: PeerId,
    question: LockQuestion,
    signal: StopSignal = NEVER,
  ): Promise<LockAnswer> {
    if ('epoch' in question) this.#agreement.heard({ peer: from, epoch: question.epoch })
    switch (question.step) {
      case 'set':
      case 'test':
      case 'renew':
      case 'claim':
      case 'handover':
        return this.#keeper.answer({ peer: from, epoch: question.epoch }, question, signal)
      case 'tell':
        return told(this.#init.tell())
      default:
        return this.#agreement.answer(from, question)
    }
  }

  stop(): void {
    this.#agreement.stop()
    this.#holder.stop()
    this.#keeper.stop()
    this.leases?.stop()
  }

  #makeLeases(leasing: Leasing): LeaseRoom {
    return new LeaseRoom({
      ...this.#init,
      ...leasing,
      self: this.#self,
      agreement: this.#agreement,
      inheritance: () => this.#keeper.inheritance,
    })
  }

  /** Asks a peer, or this node itself, which then has no message to wait for. */
  async #ask(
    to: PeerId,
    question: LockQuestion,
    options: { readonly signal?: StopSignal } = {},
  ): Promise<LockAnswer> {
    if (to === this.#self.peer) return this.answer(to, question, options.signal)
    this.#init.counters.add('lock_questions_total')
    const reply = await this.#init.network.request(to, { type: 'lock', question }, options)
    if (reply.type === 'lock') return reply.answer
    throw new PotluckError('MALFORMED', `${to} answered a question about locks with ${reply.type}`)
  }
}

function told(head: RumorHead | undefined): LockAnswer {
  return head === undefined ? { type: 'told' } : { type: 'told', head }
}

/** @throws PotluckError EINVAL, EOVERFLOW for bytes beyond what a number can say */
function checked(range: LockRange): LockRange {
  const { from, to } = range
  if (!Number.isSafeInteger(from)) throw new PotluckError('EOVERFLOW', `a lock from byte ${from}`)
  if (from < 0 || to < from) throw new PotluckError('EINVAL', `a lock from ${from} to ${to}`)
  return Number.isSafeInteger(to) ? range : { ...range, to: Infinity }
}
