// Who does not answer, known sooner than a connection is given up for dead. A peer that is slow because
// it waits for the source still answers at once when it is asked for nothing; one that is dead, hung
// or cut off does not. So whoever waits asks for a sign of life, and what does not give one is
// passed over, while the network goes on waiting for it.
//
// To be suspected is never final: any word of the peer ends it, and so does a little time. It must never
// be what an error is made of: at worst a peer is passed over that would have answered.
import type { Clock } from '../ports/clock.ts'
import type { PeerId } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Random } from '../ports/random.ts'
import type { Counters } from '../base/counters.ts'
import { codeOf } from '../base/errors.ts'
import { PassingMap } from '../base/passing-map.ts'
import { MovingPercentile } from '../base/percentile.ts'

/** Who has not answered by then is asked for a sign of life, and from then on again and again. */
export const ALIVE_AFTER_MS = 100
export const ALIVE_EVERY_MS = 500

/**
 * No sign of life is waited for less than this, however quick the others are. Peers that share a core
 * are silent for longer than 250 ms now and then, and whoever takes them for dead reads the source.
 */
const SILENCE_MIN_MS = 750
/** So many times what nearly all signs of life took lately is silence. */
const SILENCE_FACTOR = 4
/**
 * Nor for longer than this, which is sooner than the network gives a connection up: what took long under
 * faults that are over must not make a dead peer be waited for.
 */
const SILENCE_MAX_MS = 1_500
/** The wait is cut up: if this node itself stands still, that counts as one part of it. */
const PARTS = 5
/** By then the network has made up its mind. */
const SUSPECTED_MS = 3_000
/** The peers nearest to this node are the homes that it would stand in for. */
const NEIGHBOURS = 6
const NEIGHBOURS_FIRST_MS = 20
const NEIGHBOURS_EVERY_MS = 10_000

export type SuspectsInit = {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
  readonly counters: Counters
  readonly nearest: (count: number) => readonly PeerId[]
}

type Question = { readonly answer: Promise<boolean>; readonly settle: (isAlive: boolean) => void }

export class Suspects {
  readonly #init: SuspectsInit
  readonly #since = new Map<PeerId, number>()
  readonly #questions = new PassingMap<PeerId, Question>()
  readonly #pongs = new MovingPercentile(64)
  #cancelWatch: (() => void) | undefined

  constructor(init: SuspectsInit) {
    this.#init = init
  }

  has(peer: PeerId): boolean {
    const since = this.#since.get(peer)
    if (since === undefined) return false
    if (this.#init.clock.now() - since < SUSPECTED_MS) return true
    this.#since.delete(peer)
    return false
  }

  /** These, and all that are suspected. */
  and(peers: ReadonlySet<PeerId>): ReadonlySet<PeerId> {
    if (this.#since.size === 0) return peers
    const suspected = [...this.#since.keys()].filter((peer) => this.has(peer))
    return suspected.length === 0 ? peers : new Set([...peers, ...suspected])
  }

  /** Something came from the peer. */
  heard(peer: PeerId): void {
    if (this.#since.size > 0) this.#since.delete(peer)
    if (this.#questions.size > 0) this.#questions.get(peer)?.settle(true)
  }

  /** Whether the peer gives a sign of life in time; all who ask share one question. Never rejects. */
  isAlive(peer: PeerId): Promise<boolean> {
    const known = this.#questions.get(peer)
    if (known !== undefined) return known.answer
    const { promise: answer, resolve } = Promise.withResolvers<boolean>()
    const stopWaiting = this.#waitInParts(() => settle(false))
    const settle = (isAlive: boolean) => {
      if (this.#questions.get(peer)?.answer !== answer) return
      this.#questions.delete(peer)
      stopWaiting()
      if (!isAlive) this.#suspect(peer)
      resolve(isAlive)
    }
    this.#questions.set(peer, { answer, settle })
    void this.#askFor(peer, settle)
    return answer
  }

  /** Looks after the nearest peers from now on, so that nobody has to wait to find them dead. */
  watchNeighbours(): void {
    this.#watchAgain(NEIGHBOURS_FIRST_MS * this.#init.random.next())
  }

  stop(): void {
    this.#cancelWatch?.()
    for (const { settle } of this.#questions.values()) settle(true)
  }

  #watchAgain(delayMs: number): void {
    const { clock, random, nearest } = this.#init
    this.#cancelWatch?.()
    this.#cancelWatch = clock.after(delayMs, () => {
      for (const peer of nearest(NEIGHBOURS)) void this.isAlive(peer)
      this.#watchAgain(NEIGHBOURS_EVERY_MS * (0.5 + random.next()))
    })
  }

  async #askFor(peer: PeerId, settle: (isAlive: boolean) => void): Promise<void> {
    const { clock, network } = this.#init
    const start = clock.now()
    try {
      await network.request(peer, { type: 'holding', keys: [] })
    } catch (error) {
      // Whoever declines is alive.
      const code = codeOf(error)
      settle(code !== 'UNREACHABLE' && code !== 'CLOSED')
      return
    }
    this.#pongs.add(clock.now() - start)
    // Late, too: then it is suspected no longer.
    this.heard(peer)
    settle(true)
  }

  #suspect(peer: PeerId): void {
    this.#since.set(peer, this.#init.clock.now())
    this.#init.counters.add('fetch_suspects_total')
  }

  #waitInParts(onSilence: () => void): () => void {
    const usual = this.#pongs.quantile(0.99) ?? 0
    const silenceMs = Math.min(SILENCE_MAX_MS, Math.max(SILENCE_MIN_MS, usual * SILENCE_FACTOR))
    const partMs = silenceMs / PARTS
    let left = PARTS
    let cancel = (): void => {}
    const wait = () => {
      cancel = this.#init.clock.after(partMs, () => {
        left -= 1
        if (left > 0) wait()
        else onSilence()
      })
    }
    wait()
    return () => cancel()
  }
}
