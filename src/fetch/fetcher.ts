// Brings one block here: from the shard, from a closer peer, or, at the key's home, from the source.
//
// All who want the same key at the same time share one flight, local programs and peers alike, so
// that of any number of nodes exactly one asks the source. As in groupcache, who joins a flight
// looks at what it brought before believing that it is fresh enough for itself.
// It must never hand out a block that is older than the floor, of another version, or damaged.
import type { Attributes, Block, Invalidation, Key, PeerId, Want } from '../ports/messages.ts'
import type { Random } from '../ports/random.ts'
import type { Spill } from '../log/spill.ts'
import type { StopSignal } from '../base/abort.ts'
import { Deadlines } from '../base/deadlines.ts'
import { isAboutPath, PotluckError } from '../base/errors.ts'
import { PassingMap } from '../base/passing-map.ts'
import { keyOf } from '../block/key.ts'
import type { Begun, DirectoryAuthority, SourceAnswer } from '../authority/directory-authority.ts'
import type { Floors } from '../rumor/floors.ts'
import type { Shard } from '../shard/shard.ts'
import { climb, type ClimbPorts } from './climb.ts'
import { FetchTimes } from './fetch-times.ts'
import { Flight, type Fetched, type FlightPlan, type Work } from './flight.ts'
import { BUSY_ROUNDS, backOff } from './back-off.ts'
import { type Hedging, HEDGING, hedgeAfterMs } from './hedging.ts'
import { type CopiesOf, Loads } from './loads.ts'
import { Lending } from './lending/lending.ts'
import { flightName, isWorthAsking, nextInLine } from './second-opinion.ts'
import { askSourceHolders, HoldersByVolume, type HolderPorts } from './source-holders.ts'
import { takeSpilled } from './spilled.ts'
import { Suspects } from './suspects.ts'
import { type Asked, isLessThan, isUsable } from './verify.ts'

/** A flight may turn out too old for one who joined it; more often is a moving target. */
const JOIN_TRIES = 4

export type FetcherInit = Omit<ClimbPorts, 'suspects' | 'loads' | 'looks'> & {
  readonly random: Random
  readonly shard: Shard
  readonly floors: Floors
  readonly spill?: Spill
  /** By volume; absent where this node has no source. */
  readonly authorities: ReadonlyMap<string, DirectoryAuthority>
  /** Told when a page was read off the source again, with what was here before. */
  readonly onReread: (want: Want, before: Block, now: Block & Begun) => void
  readonly onNews: (want: Want, news: readonly Invalidation[]) => void
  /** Told when the source has another version of a file than was wanted. */
  readonly onChanged: (want: Want, now: { attributes: Attributes } & Begun) => void
  readonly hedging?: Hedging | undefined
  readonly copiesOf: CopiesOf
}

export type FetchOptions = { readonly signal?: StopSignal | undefined }

type SharedOptions = FetchOptions & { readonly tries?: number }

export class Fetcher {
  readonly #init: FetcherInit
  /** By what they bring: a key, and of a page the name that is wanted. */
  readonly #flights = new PassingMap<string, Flight>()
  readonly times = new FetchTimes()
  readonly #holders: HoldersByVolume
  /** What others keep for this node. */
  readonly lending: Lending
  readonly #ports: HolderPorts
  readonly #bringing: Work = (key, want, signal) => this.#bring(key, want, signal)
  readonly #reading: Work = (key, want, signal) => this.#fromSource(key, want, signal)
  readonly #landed = (flight: Flight): void => {
    if (this.#flights.get(flight.name) === flight) this.#flights.delete(flight.name)
  }

  constructor(init: FetcherInit) {
    this.#init = init
    const { table, copiesOf, clock } = init
    this.#holders = new HoldersByVolume(clock)
    const suspects = new Suspects({
      ...init,
      random: init.random.fork('suspects'),
      nearest: (count) => table.closest(table.self.position, count).map(({ peer }) => peer),
    })
    this.#ports = { ...init, suspects, loads: new Loads(copiesOf), looks: new Deadlines(clock) }
    this.lending = new Lending(init)
  }

  start(): void {
    this.#ports.suspects.watchNeighbours()
  }

  /** Something came from a peer. */
  readonly heard = (peer: PeerId): void => this.#ports.suspects.heard(peer)

  stop(): void {
    this.#ports.suspects.stop()
    this.#ports.looks.stop()
  }

  get flights(): number {
    return this.#flights.size
  }

  /** A usable copy in the shard; counts as a use of it. */
  peek(asked: Asked, key: Key = keyOf(asked)): Block | undefined {
    const block = this.#init.shard.get(key)
    return block !== undefined && isUsable(block, this.#withFloor(asked)) ? block : undefined
  }

  /**
   * Fetches for a program of this node: where the mesh says that the source failed, this node's own
   * has the last word; without one, another peer's, unless time has run out already.
   */
  fetchHere(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    return this.fetch(want, options).catch((error: unknown) => {
      const hasSource = this.#init.authorities.has(want.volume)
      if (options.signal?.aborted === true || !isWorthAsking(error, hasSource)) throw error
      this.#init.counters.add('fetch_second_opinions_total')
      const next = isAboutPath(error) ? nextInLine(this.#init.table, keyOf(want)) : undefined
      return next === undefined ? this.readSource(want, options) : this.#ask(next, want, options)
    })
  }

  /** Fetches as `reach: climb` says. @throws PotluckError errno of the source, ABORTED, NO_SOURCE */
  fetch(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    const key = keyOf(want)
    const plan = { name: flightName(key, want), key, work: this.#bringing }
    return this.#share(plan, this.#withFloor(want), options)
  }

  /** Reads this node's own source, whoever the home is. @throws PotluckError NO_SOURCE, errno */
  readSource(want: Want, options: FetchOptions = {}): Promise<Fetched> {
    const key = keyOf(want)
    const name = `source ${flightName(key, want)}`
    return this.#share({ name, key, work: this.#reading }, this.#withFloor(want), options)
  }

  /** Lets one peer read the source; where that is not to be had, reads this node's own. */
  #ask(peer: PeerId, want: Want, options: FetchOptions): Promise<Fetched> {
    const work: Work = async (key, fresh, signal) => {
      try {
        return await this.#fromHolder(key, fresh, { signal, only: peer })
      } catch (error) {
        if (isAboutPath(error)) throw error
        return this.#fromSource(key, fresh, signal)
      }
    }
    const key = keyOf(want)
    const name = `second ${flightName(key, want)}`
    return this.#share({ name, key, work }, this.#withFloor(want), options)
  }

  #share(plan: FlightPlan, want: Want, options: SharedOptions): Promise<Fetched> {
    const { signal, tries = 1 } = options
    const known = this.#flights.get(plan.name)
    const isJoinable =
      known !== undefined && !known.isGivenUp && known.want.version === want.version
    const flight = isJoinable ? known : this.#start(plan, want)
    return flight.wait(signal).then(
      (fetched) => {
        if (isFresh(fetched, want)) return isJoinable ? { ...fetched, isJoined: true } : fetched
        if (tries < JOIN_TRIES) return this.#share(plan, want, { signal, tries: tries + 1 })
        throw new PotluckError('EIO', `${want.path} changes too fast to be read`)
      },
      (error: unknown) => {
        const isItsOwn = flight.want.path === want.path || !isAboutPath(error)
        if (isItsOwn || tries === JOIN_TRIES) throw error
        // An inode has several names, or had: that it is not at another's proves nothing.
        return this.#share(plan, want, { signal, tries: tries + 1 })
      },
    )
  }

  #start(plan: FlightPlan, want: Want): Flight {
    const flight = new Flight(plan, want, this.#landed)
    this.#flights.set(plan.name, flight)
    return flight
  }

  async #bring(key: Key, want: Want, signal: StopSignal): Promise<Fetched> {
    // The shard is asked again inside the flight: a former flight may just have landed.
    const { spill } = this.#init
    const held = this.peek(want, key) ?? (spill && (await takeSpilled(this.#init, key, want)))
    if (held !== undefined) return { answer: { type: 'block', block: held }, tier: 'shard' }
    for (let round = 0; round < BUSY_ROUNDS; round++) {
      const start = this.#init.clock.now()
      const afterMs = () => hedgeAfterMs(this.times.lately, this.#init.hedging ?? HEDGING)
      const result = await climb(this.#ports, { key, want, signal, hedgeAfterMs: afterMs })
      if (result.type === 'answered') {
        this.times.add(this.#init.clock.now() - start)
        this.#admit(key, want, result.answer)
        return { answer: result.answer, tier: 'peer' }
      }
      if (!result.wasBusy) break
      await backOff(this.#init, round, signal)
    }
    const answer = await this.lending.bring(key, want, signal)
    if (answer !== undefined) this.#admit(key, want, answer)
    return answer === undefined ? this.#fromSource(key, want, signal) : { answer, tier: 'peer' }
  }

  async #fromSource(key: Key, want: Want, signal: StopSignal): Promise<Fetched> {
    const authority = this.#init.authorities.get(want.volume)
    if (authority === undefined) return this.#fromHolder(key, want, { signal })
    const before = want.kind === 'page' ? this.#init.shard.get(key) : undefined
    const reading = authority.read(want, { signal, before })
    const begun = this.#init.stamps.tick()
    const answer = await reading
    this.#admit(key, want, answer)
    if (answer.type === 'changed') this.#init.onChanged(want, { ...answer, begun })
    // A page that was read before, and of which more is known now.
    if (answer.type === 'block' && answer.block.stamp === before?.stamp) {
      return { answer, tier: 'source', isJoined: true }
    }
    this.#init.counters.add(`source_${want.kind}_reads_total`)
    if (answer.type === 'block') {
      this.#init.counters.add('source_block_bytes_total', answer.block.bytes.length)
      if (before !== undefined) this.#init.onReread(want, before, { ...answer.block, begun })
    }
    return { answer, tier: 'source' }
  }

  /** @param only the one peer to ask, where it shall be that or none */
  async #fromHolder(
    key: Key,
    want: Want,
    { signal, only }: { readonly signal: StopSignal; readonly only?: PeerId },
  ): Promise<Fetched> {
    const holders = this.#holders.of(want.volume)
    const answer = await askSourceHolders(this.#ports, { key, want, signal, holders, only })
    this.#admit(key, want, answer)
    return { answer, tier: 'peer' }
  }

  #admit(key: Key, want: Want, answer: SourceAnswer): void {
    if (answer.type !== 'block') return
    // Whoever it came from, somebody had it from the source.
    this.#holders.of(want.volume).wereThere = true
    if (answer.news !== undefined) this.#init.onNews(want, answer.news)
    // Two who ask for different names of one directory may be answered in any order.
    if (want.kind === 'page' && isLessThan(answer.block, this.#init.shard.get(key))) return
    // An invalidation may have come in while the block was under way.
    if (!isUsable(answer.block, this.#withFloor(want))) return
    this.#init.shard.admit(key, answer.block, want)
    this.#init.spill?.keep(key, answer.block)
  }

  #withFloor<T extends Asked>(want: T): T {
    const floor = this.#init.floors.floor(want.volume, want.inode)
    return floor > want.floor ? { ...want, floor } : want
  }
}

function isFresh({ answer }: Fetched, want: Want): boolean {
  return answer.type === 'block' ? isUsable(answer.block, want) : answer.stamp >= want.floor
}
