// One climb of a key's tree: ask a closer peer; where it fails, the next; where it is slow, a second
// one beside it (a hedge). The first good answer wins and the others are told to stop.
//
// Every peer asked by `climb` is strictly closer to the key than this node, so wants never run in
// circles. Referrals may lie anywhere, and are therefore asked only for what they hold.
import { Stopper, type StopSignal } from '../base/abort.ts'
import type { Clock } from '../ports/clock.ts'
import type { Answer, Block, Key, PeerId, Reply, Want } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import { type Deadlines, NOWHERE, type Waiting } from '../base/deadlines.ts'
import { ERRNO_CODES, PotluckError } from '../base/errors.ts'
import type { PeerTable } from '../placement/peer-table.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'
import type { Loads } from './loads.ts'
import { ALIVE_AFTER_MS, ALIVE_EVERY_MS, type Suspects } from './suspects.ts'
import { isGood, type JudgePorts, notAnAnswer } from './verify.ts'

const REFERRALS_ASKED = 3
/** So many peers may be dead, busy or without a good copy before the source itself is the shorter way. */
const FAILURES_MAX = 6

const errnoCodes: ReadonlySet<string> = new Set(ERRNO_CODES)

export type ClimbPorts = JudgePorts & {
  readonly clock: Clock
  readonly network: Network
  readonly table: PeerTable
  readonly suspects: Suspects
  readonly loads: Loads
  /** When climbs under way look after those whom they asked. */
  readonly looks: Deadlines
}

export type ClimbTask = {
  readonly key: Key
  readonly want: Want
  readonly signal: StopSignal
  /** After this long without an answer a second peer is asked too. */
  readonly hedgeAfterMs: () => number
}

/** `exhausted`: no closer peer is left worth asking; `wasBusy` where some of them had no time. */
export type ClimbResult =
  | { readonly type: 'answered'; readonly answer: SourceAnswer }
  | { readonly type: 'exhausted'; readonly wasBusy: boolean }

/** @throws PotluckError with the errno that the source gave to the peer that read it */
export function climb(ports: ClimbPorts, task: ClimbTask): Promise<ClimbResult> {
  return new Climb(ports, task).run()
}

/** What is good of one peer's answer, if anything. */
type Judged = SourceAnswer | undefined

type Ask = { readonly peer: PeerId; isOutstanding: boolean; isSilent: boolean }

const NOBODY: ReadonlySet<PeerId> = new Set()

class Climb implements Waiting {
  place = NOWHERE
  readonly #ports: ClimbPorts
  readonly #task: ClimbTask
  readonly #stopOthers = new Stopper()
  readonly #stopping = { signal: this.#stopOthers }
  /** In the order in which they were asked. A silent one is outstanding and gives no sign of life. */
  #asks: readonly Ask[] = []
  #failures = 0
  #wasBusy = false
  #isDone = false
  #isHedged = false
  #startMs = 0
  #resolve: ((result: ClimbResult) => void) | undefined
  #reject: ((error: unknown) => void) | undefined

  constructor(ports: ClimbPorts, task: ClimbTask) {
    this.#ports = ports
    this.#task = task
  }

  run(): Promise<ClimbResult> {
    const { signal } = this.#task
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      if (signal.aborted) return this.#giveUp()
      signal.addEventListener('abort', this.#giveUp, { once: true })
      this.#startMs = this.#ports.clock.now()
      this.#askNext()
      this.#lookLater(Math.min(ALIVE_AFTER_MS, this.#task.hedgeAfterMs()))
      return undefined
    })
  }

  readonly #giveUp = (): void => {
    this.#finish(() => this.#reject?.(new PotluckError('ABORTED', 'the fetch was given up')))
  }

  #askNext(): boolean {
    if (this.#isDone) return false
    const isHopeful = this.#failures < FAILURES_MAX
    const { table, suspects, loads } = this.#ports
    const { key, want } = this.#task
    const tried = this.#asks.length === 0 ? NOBODY : new Set(this.#asks.map(({ peer }) => peer))
    const hop = isHopeful ? table.nextHop(key, suspects.and(tried), loads.about(want)) : undefined
    if (hop !== undefined) {
      const ask: Ask = { peer: hop.peer, isOutstanding: true, isSilent: false }
      this.#asks = this.#asks.concat(ask)
      this.#ask(ask)
      return true
    }
    if (this.#asks.every((ask) => !ask.isOutstanding || ask.isSilent)) {
      this.#finish(() => this.#resolve?.({ type: 'exhausted', wasBusy: this.#wasBusy }))
    }
    return false
  }

  #lookLater(delayMs: number): void {
    if (!this.#isDone) this.#ports.looks.set(this, delayMs)
  }

  /** Looks after those who have not answered: whether they live, and are to be hedged. */
  due(): void {
    const waitedMs = this.#ports.clock.now() - this.#startMs
    const hedgeAfterMs = this.#task.hedgeAfterMs()
    if (!this.#isHedged && waitedMs >= hedgeAfterMs) this.#hedge()
    const doubted = waitedMs >= ALIVE_AFTER_MS ? this.#asks.filter((ask) => ask.isOutstanding) : []
    for (const ask of doubted) void this.#doubt(ask)
    const next = waitedMs < ALIVE_AFTER_MS ? ALIVE_AFTER_MS : waitedMs + ALIVE_EVERY_MS
    const until = this.#isHedged ? next : Math.min(next, hedgeAfterMs)
    this.#lookLater(until - waitedMs)
  }

  #hedge(): void {
    this.#isHedged = true
    const [slow, ...others] = this.#asks.filter((ask) => ask.isOutstanding)
    if (slow === undefined || others.length > 0) return
    if (this.#askNext()) this.#ports.counters.add('fetch_hedges_total')
    // The second may win soon. If nobody asked after the first then, a dead one would be hedged each time.
    void this.#ports.suspects.isAlive(slow.peer)
  }

  /** Passes over a peer that gives no sign of life; should it answer after all, it still counts. */
  async #doubt(ask: Ask): Promise<void> {
    if (ask.isSilent || (await this.#ports.suspects.isAlive(ask.peer))) return
    if (this.#isDone || ask.isSilent || !ask.isOutstanding) return
    ask.isSilent = true
    this.#failures += 1
    this.#askNext()
  }

  /** By callbacks, and no promises of its own: this is the way of every block. */
  #ask(ask: Ask): void {
    const { loads, network } = this.#ports
    loads.begin(ask.peer)
    network.request(ask.peer, { type: 'want', want: this.#task.want }, this.#stopping).then(
      (reply) => this.#answered(ask, reply),
      (error: unknown) => this.#broke(ask, error),
    )
  }

  #answered(ask: Ask, reply: Reply): void {
    if (reply.type !== 'answer') return this.#broke(ask, notAnAnswer(reply))
    const answer = this.#judged(ask.peer, reply.answer)
    if (!(answer instanceof Promise)) return this.#ended(ask, answer)
    return void answer.then(
      (late) => this.#ended(ask, late),
      (error: unknown) => this.#broke(ask, error),
    )
  }

  #ended(ask: Ask, answer: Judged): void {
    this.#ports.suspects.heard(ask.peer)
    ask.isOutstanding = false
    if (answer === undefined) this.#failures += 1
    if (answer === undefined) this.#askNext()
    else this.#finish(() => this.#resolve?.({ type: 'answered', answer }))
    this.#ports.loads.end(ask.peer)
  }

  #broke(ask: Ask, error: unknown): void {
    ask.isOutstanding = false
    // Its failure was counted when it fell silent.
    if (!ask.isSilent && !this.#isDone) this.#failed(error)
    this.#ports.loads.end(ask.peer)
  }

  #failed(error: unknown): void {
    const code = error instanceof PotluckError ? error.code : 'EIO'
    // The source has spoken, through the peer that read it.
    if (errnoCodes.has(code)) return this.#finish(() => this.#reject?.(error))
    if (code === 'BUSY') this.#wasBusy = true
    // Who has no such volume, or no source for it, says so at once: that one does not count.
    if (code !== 'UNKNOWN_VOLUME' && code !== 'NO_SOURCE') this.#failures += 1
    this.#ports.counters.add('fetch_peer_failures_total')
    return void this.#askNext()
  }

  /** The good answer of one peer, of one of those it refers to, or undefined. */
  #judged(peer: PeerId, answer: Answer): Judged | Promise<Judged> {
    if (answer.type === 'changed') return answer
    if (answer.type === 'missing') return undefined
    if (answer.type === 'busy') return this.#askReferrals(answer.referrals)
    if (isGood(answer.block, this.#task.want, this.#ports)) return answer
    return this.#askAgain(peer, answer.block)
  }

  /** A floor above the bad copy's stamp makes its holder fetch it anew, too. */
  async #askAgain(peer: PeerId, { stamp }: Block): Promise<Judged> {
    const { want } = this.#task
    const isHonest = this.#ports.stamps.witnessReading(stamp)
    const floor = isHonest ? Math.max(want.floor, stamp + 1) : want.floor
    const again = await this.#request(peer, { ...want, floor })
    if (again.type !== 'block') return again.type === 'changed' ? again : undefined
    return isGood(again.block, want, this.#ports) ? again : undefined
  }

  async #askReferrals(referrals: readonly PeerId[]): Promise<Judged> {
    const { want } = this.#task
    this.#wasBusy = true
    for (const peer of referrals.slice(0, REFERRALS_ASKED)) {
      if (this.#asks.some((ask) => ask.peer === peer) || peer === this.#ports.table.self.peer)
        continue
      this.#ports.counters.add('fetch_referrals_total')
      // One after another on purpose: the first is likely to have it.
      const answer = await this.#request(peer, { ...want, reach: 'held' }).catch(() => undefined)
      if (answer?.type !== 'block') continue
      if (isGood(answer.block, want, this.#ports)) return answer
    }
    return undefined
  }

  async #request(peer: PeerId, want: Want): Promise<Answer> {
    const reply = await this.#ports.network.request(peer, { type: 'want', want }, this.#stopping)
    if (reply.type === 'answer') return reply.answer
    throw notAnAnswer(reply)
  }

  #finish(settle: () => void): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#ports.looks.drop(this)
    this.#task.signal.removeEventListener('abort', this.#giveUp)
    settle()
    if (this.#asks.some((ask) => ask.isOutstanding)) this.#stopOthers.abort()
  }
}
