// Brings one block here: from the shard, from a closer peer, or, at the key's home, from the source.
//
// All who want the same key at the same time share one flight, local programs and peers alike, so
// that of any number of nodes exactly one asks the source. As in groupcache, who joins a flight
// looks at what it brought before believing that it is fresh enough for itself.
// It must never hand out a block that is older than the floor, of another version, or damaged.
import type { Key, PeerId, Want } from '../ports/messages.ts'
import type { Random } from '../ports/random.ts'
import type { Block } from '../ports/messages.ts'
import { codeOf, ERRNO_CODES, PotluckError } from '../base/errors.ts'
import { MovingPercentile } from '../base/percentile.ts'
import { sleep } from '../base/time.ts'
import { keyOf } from '../block/key.ts'
import type { DirectoryAuthority, SourceAnswer } from '../authority/directory-authority.ts'
import type { Floors } from '../rumor/floors.ts'
import type { Shard } from '../shard/shard.ts'
import { climb, type ClimbPorts } from './climb.ts'
import { Flight, type Fetched } from './flight.ts'
import { askSourceHolders } from './source-holders.ts'
import { isUsable } from './verify.ts'

/** What is slow: so many times what this share of the newest fetches took, but never below `minMs`. */
export type Hedging = {
  readonly percentile: number
  readonly factor: number
  readonly minMs: number
}

export const HEDGING: Hedging = { percentile: 0.95, factor: 3, minMs: 50 }
/** Before enough fetches were timed to know better. */
const HEDGE_UNKNOWN_MS = 500
const BUSY_ROUNDS = 8
const BUSY_WAIT_MS = 10
/** A flight may turn out too old for one who joined it; more than once is a moving target. */
const JOIN_TRIES = 4

export type FetcherInit = ClimbPorts & {
  readonly random: Random
  readonly shard: Shard
  readonly floors: Floors
  /** By volume; absent where this node has no source. */
  readonly authorities: ReadonlyMap<string, DirectoryAuthority>
  /** Told when a page was read off the source again, with what was here before. */
  readonly onReread: (want: Want, before: Block, now: Block) => void
  /** @default HEDGING */
  readonly hedging?: Hedging | undefined
}

export type FetchOptions = { readonly signal?: AbortSignal | undefined }

type Work = (want: Want, signal: AbortSignal) => Promise<Fetched>

const errnoCodes: ReadonlySet<string> = new Set(ERRNO_CODES)

export class Fetcher {
  readonly #init: FetcherInit
  readonly #flights = new Map<Key, Flight>()
  readonly #latencies = new MovingPercentile()
  readonly #holders = new Map<string, Set<PeerId>>()

  constructor(init: FetcherInit) {
    this.#init = init
  }

  get flights(): number {
    return this.#flights.size
  }

  /** Milliseconds that fetches from peers took lately. */
  get latencies(): MovingPercentile {
    return this.#latencies
  }

  /** A usable copy in the shard; counts as a use of it. */
  peek(want: Want, key: Key = keyOf(want)): Block | undefined {
    const block = this.#init.shard.get(key)
    return block !== undefined && isUsable(block, this.#withFloor(want)) ? block : undefined
  }

  /**
   * Fetches for a program of this node: where the mesh says that the source failed, this node's own
   * source has the last word before the program is told.
   */
  async fetchHere(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    try {
      return await this.fetch(want, options)
    } catch (error) {
      const code = error instanceof PotluckError ? error.code : 'EIO'
      const isLastWord = this.#init.authorities.get(want.volume) === undefined
      if (isLastWord || !errnoCodes.has(code) || options.signal?.aborted === true) throw error
      this.#init.counters.add('fetch_second_opinions_total')
      return this.readSource(want, options)
    }
  }

  /** Fetches as `reach: climb` says. @throws PotluckError errno of the source, ABORTED, NO_SOURCE */
  fetch(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    const key = keyOf(want)
    const work: Work = (fresh, signal) => this.#bring(key, fresh, signal)
    return this.#share({ name: key, work }, this.#withFloor(want), options)
  }

  /** Reads this node's own source, whoever the home is. @throws PotluckError NO_SOURCE, errno */
  readSource(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    const key = keyOf(want)
    const work: Work = (fresh, signal) => this.#fromSource(key, fresh, signal)
    return this.#share({ name: `source ${key}`, work }, this.#withFloor(want), options)
  }

  async #share(
    { name, work }: { readonly name: string; readonly work: Work },
    want: Want,
    options: FetchOptions,
  ): Promise<Fetched> {
    for (let tries = 1; ; tries++) {
      const known = this.#flights.get(name)
      const isJoinable = known !== undefined && !known.isGivenUp && isSameVersion(known.want, want)
      const flight = isJoinable ? known : this.#start(name, want, work)
      const isSamePath = flight.want.path === want.path
      // Each round waits for the flight of its time.
      const fetched = await flight.wait(options.signal).catch((error: unknown) => {
        if (isSamePath || !isAboutPath(error) || tries === JOIN_TRIES) throw error
        return undefined
      })
      // An inode has several names, or had: that it is not at another's proves nothing.
      if (fetched === undefined) continue
      const { answer } = fetched
      const isFresh =
        answer.type === 'block' ? isUsable(answer.block, want) : answer.stamp >= want.floor
      if (isFresh) return isJoinable ? { ...fetched, isJoined: true } : fetched
      if (tries === JOIN_TRIES)
        throw new PotluckError('EIO', `${want.path} changes too fast to be read`)
    }
  }

  #start(name: string, want: Want, work: Work): Flight {
    const flight = new Flight(want, (signal) =>
      work(want, signal).finally(() => {
        if (this.#flights.get(name) === flight) this.#flights.delete(name)
      }),
    )
    this.#flights.set(name, flight)
    return flight
  }

  async #bring(key: Key, want: Want, signal: AbortSignal): Promise<Fetched> {
    // The shard is asked again inside the flight: a former flight may just have landed.
    const held = this.peek(want, key)
    if (held !== undefined) return { answer: { type: 'block', block: held }, tier: 'shard' }
    for (let round = 0; round < BUSY_ROUNDS; round++) {
      const start = this.#init.clock.now()
      const task = { key, want, signal, hedgeAfterMs: () => this.#hedgeAfterMs() }
      // A round follows only where all were busy.
      const result = await climb(this.#init, task)
      if (result.type === 'answered') {
        this.#latencies.add(this.#init.clock.now() - start)
        this.#admit(key, want, result.answer)
        return { answer: result.answer, tier: 'peer' }
      }
      if (!result.wasBusy) break
      await this.#backOff(round, signal)
    }
    return this.#fromSource(key, want, signal)
  }

  async #fromSource(key: Key, want: Want, signal: AbortSignal): Promise<Fetched> {
    const authority = this.#init.authorities.get(want.volume)
    if (authority === undefined) return this.#fromSourceHolder(key, want, signal)
    this.#init.counters.add(`source_${want.kind}_reads_total`)
    const answer = await authority.read(want, { signal })
    if (answer.type === 'block')
      this.#init.counters.add('source_block_bytes_total', answer.block.bytes.length)
    const before = want.kind === 'page' ? this.#init.shard.get(key) : undefined
    this.#admit(key, want, answer)
    if (before !== undefined && answer.type === 'block') {
      this.#init.onReread(want, before, answer.block)
    }
    return { answer, tier: 'source' }
  }

  async #fromSourceHolder(key: Key, want: Want, signal: AbortSignal): Promise<Fetched> {
    const known = this.#holders.get(want.volume) ?? new Set<PeerId>()
    this.#holders.set(want.volume, known)
    for (let round = 0; ; round++) {
      try {
        const answer = await askSourceHolders(this.#init, { key, want, signal, known })
        this.#admit(key, want, answer)
        return { answer, tier: 'peer' }
      } catch (error) {
        if (codeOf(error) !== 'BUSY' || round === BUSY_ROUNDS) throw error
      }
      // Whoever was busy has had time to become less so.
      await this.#backOff(round, signal)
    }
  }

  /** Waits, at random and longer each round. */
  async #backOff(round: number, signal: AbortSignal): Promise<void> {
    this.#init.counters.add('fetch_busy_rounds_total')
    const waitMs = BUSY_WAIT_MS * 2 ** round * (0.5 + this.#init.random.next())
    await sleep(this.#init.clock, waitMs, { signal })
  }

  #admit(key: Key, want: Want, answer: SourceAnswer): void {
    if (answer.type !== 'block') return
    // An invalidation may have come in while the block was under way.
    if (isUsable(answer.block, this.#withFloor(want))) this.#init.shard.admit(key, answer.block)
  }

  #withFloor(want: Want): Want {
    const floor = this.#init.floors.floor(want.volume, want.inode)
    return floor > want.floor ? { ...want, floor } : want
  }

  #hedgeAfterMs(): number {
    const { percentile, factor, minMs } = this.#init.hedging ?? HEDGING
    const usual = this.#latencies.quantile(percentile, 16)
    if (usual === undefined) return HEDGE_UNKNOWN_MS
    return Math.max(minMs, usual * factor)
  }
}

function isAboutPath(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE'
}

function isSameVersion(a: Want, b: Want): boolean {
  return a.version === b.version && a.kind === b.kind
}
