// Answers peers' wants: the mirror image of `fetch/`. What is here is handed out, what is not is
// fetched by the same flight that a local program would use, so a node with a block under way
// counts as a holder.
//
// An overloaded node says so at once, and names peers which it has just served, instead of
// queueing: a queue that waits for other peers' queues could wait for itself.
import type { StopSignal } from '../base/abort.ts'
import { PotluckError } from '../base/errors.ts'
import type { Counters } from '../base/counters.ts'
import { keyOf } from '../block/key.ts'
import type { Answer, Block, Invalidation, Key, PeerId, Stamp, Want } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'

const REFERRALS_KEPT = 4
const REFERRAL_KEYS = 4096

export type ServerInit = {
  readonly network: Network
  readonly counters: Counters
  readonly volumes: ReadonlySet<string>
  /** Bytes waiting to be sent above which a want is answered `busy`. */
  readonly uploadBudgetBytes: number
  /** The same for a block that others were served before: they are named instead. */
  readonly referralBytes: number
  readonly flightsMax: number
  readonly flights: () => number
  /** Who keeps what there was no room for here. */
  readonly lentTo: (key: Key) => PeerId | undefined
  readonly peek: (want: Want, key: Key) => Block | undefined
  /** What has to be told with a page; undefined where the page should rather be read again. */
  readonly newsOf: (want: Want, block: Block) => readonly Invalidation[] | undefined
  readonly now: () => Stamp
  readonly fetch: (want: Want, signal: StopSignal) => Promise<SourceAnswer>
  /** Undefined where this node has no source for the volume. */
  readonly readSource: (want: Want, signal: StopSignal) => Promise<SourceAnswer> | undefined
}

/** Its signal may be made only when it is looked at, so that what is here already costs none. */
export type HandlerOptions = { readonly signal: StopSignal }

export class Server {
  readonly #init: ServerInit
  readonly #served = new Map<Key, PeerId[]>()
  readonly #sentOn = new Set<Key>()

  constructor(init: ServerInit) {
    this.#init = init
  }

  /** Keys for which somebody could be named. */
  get referrals(): number {
    return this.#served.size
  }

  /**
   * At once what is here, a promise of what has to be fetched.
   *
   * @throws PotluckError UNKNOWN_VOLUME, NO_SOURCE, BUSY, or the errno of the source
   */
  answer(from: PeerId, want: Want, options: HandlerOptions): Answer | Promise<Answer> {
    if (!this.#init.volumes.has(want.volume)) {
      const known = [...this.#init.volumes].join(', ')
      throw new PotluckError('UNKNOWN_VOLUME', `no volume ${want.volume} here, only ${known}`)
    }
    const key = keyOf(want)
    if (this.#isOverloaded(key)) return this.#refer(key)
    const held = this.#init.peek(want, key)
    const news = held && this.#init.newsOf(want, held)
    if (held !== undefined && news !== undefined) {
      return this.#hand(key, from, told(held, news))
    }
    const keeper = held === undefined ? this.#init.lentTo(key) : undefined
    if (keeper !== undefined && (want.reach === 'held' || this.#mayRefer(key))) {
      return { type: 'busy', referrals: [keeper] }
    }
    if (want.reach === 'held') return { type: 'missing' }
    // More has changed since a page was read than can be told of: it is read again.
    const again = held && { ...want, floor: Math.max(want.floor, this.#init.now()) }
    return this.#bring(again ?? want, options.signal).then((answer) => {
      if (answer.type !== 'block') return this.#hand(key, from, answer)
      const later = this.#init.newsOf(want, answer.block) ?? []
      return this.#hand(key, from, told(answer.block, later))
    })
  }

  #bring(want: Want, signal: StopSignal): Promise<SourceAnswer> {
    if (this.#init.flights() >= this.#init.flightsMax) {
      throw new PotluckError('BUSY', 'too many fetches are under way here')
    }
    if (want.reach === 'climb') return this.#init.fetch(want, signal)
    const read = this.#init.readSource(want, signal)
    if (read !== undefined) return read
    throw new PotluckError('NO_SOURCE', `the source of ${want.volume} is not mounted here`)
  }

  /** Who alone has a block hands it out as long as it can: there is nobody else to ask. */
  #isOverloaded(key: Key): boolean {
    const { network, uploadBudgetBytes, referralBytes } = this.#init
    const queuedBytes = network.queuedBytes()
    if (queuedBytes <= referralBytes) return false
    return queuedBytes > uploadBudgetBytes || this.#served.has(key)
  }

  /**
   * Who asks for what this node has lent is sent there, every other time: if it comes back, then it was
   * not to be had there, and this node finds out what has become of it.
   */
  #mayRefer(key: Key): boolean {
    if (this.#sentOn.delete(key)) return false
    if (this.#sentOn.size >= REFERRAL_KEYS) this.#sentOn.clear()
    this.#sentOn.add(key)
    return true
  }

  #refer(key: Key): Answer {
    this.#init.counters.add('serve_busy_total')
    return { type: 'busy', referrals: this.#served.get(key) ?? [] }
  }

  #hand(key: Key, to: PeerId, answer: SourceAnswer): Answer {
    if (answer.type === 'block') {
      this.#init.counters.add('serve_blocks_total')
      this.#init.counters.add('serve_bytes_total', answer.block.bytes.length)
      this.#remember(key, to)
    }
    return answer
  }

  /** In place: a map that each serving took from and added to would be copied again and again. */
  #remember(key: Key, to: PeerId): void {
    const recent = this.#served.get(key)
    if (recent !== undefined) return this.#moveToFront(key, recent, to)
    this.#served.set(key, [to])
    if (this.#served.size <= REFERRAL_KEYS) return undefined
    const [oldest] = this.#served.keys()
    if (oldest !== undefined) this.#served.delete(oldest)
    return undefined
  }

  #moveToFront(key: Key, recent: PeerId[], to: PeerId): void {
    const before = recent.indexOf(to)
    const isNew = before < 0 && recent.length < REFERRALS_KEPT
    // Made anew, a list has room for just what it holds.
    const list = isNew ? recent.concat(to) : recent
    if (isNew) this.#served.set(key, list)
    for (let i = before < 0 ? list.length - 1 : before; i > 0; i--) list[i] = list[i - 1] as PeerId
    list[0] = to
  }
}

/** With this node's own news in place of those that it was told. */
function told(block: Block, news: readonly Invalidation[]): SourceAnswer {
  return news.length === 0 ? { type: 'block', block } : { type: 'block', block, news }
}
