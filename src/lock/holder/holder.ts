// The side of a node that asks: locks for its own processes. It knows what they hold, keeps the leases
// alive, follows each inode to a new keeper, and knows when a lock is lost.
//
// It must never believe that it holds what its keeper may have given to others: what is in doubt (a
// question whose answer never came) is given up, and nothing else is asked for that owner before.
import type { LockRange } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Member } from '../../ports/locks.ts'
import type { Random } from '../../ports/random.ts'
import { PotluckError } from '../../base/errors.ts'
import { sleep } from '../../base/time.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import { isSame, keeperOf } from '../roll/roll.ts'
import { PATIENCE_MS } from '../terms.ts'
import { nameOfPlace, type Place } from '../place.ts'
import { Claims } from './claims.ts'
import { Doubts } from './doubts.ts'
import { HeldInode } from './held-inode.ts'
import { Leases } from './leases.ts'
import {
  type Attempt,
  failFor,
  isCertain,
  Questions,
  type QuestionsInit,
  unavailable,
} from './questions.ts'
import { type Conflict, findConflict } from './testing.ts'

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 250
/** A process that closes a file does not wait longer for a keeper that is silent. */
const UNLOCK_PATIENCE_MS = 3_000
const INODES_MAX = 65_536

export type HolderInit = {
  readonly clock: Clock
  readonly random: Random
  readonly ask: Ask
  readonly council: Council
  /** Resolves once there is a roll. */
  readonly needRoll: () => Promise<void>
  readonly onSilence: (keeper: Member) => void
  /** Resolves once all that came with locks of the inode is known here. */
  readonly heard: (place: Place) => Promise<void>
} & Pick<QuestionsInit, 'tell' | 'heed'>

export type LockOptions = { readonly wait: boolean; readonly signal?: AbortSignal | undefined }

export class Holder {
  readonly #init: HolderInit
  readonly #inodes = new Map<string, HeldInode>()
  readonly #leases: Leases
  readonly #claims: Claims
  readonly #questions: Questions
  readonly #doubts: Doubts
  readonly #stopping = new AbortController()

  constructor(init: HolderInit) {
    this.#init = init
    this.#leases = new Leases({
      ...init,
      self: init.council.self,
      isNeeded: (keeper) => this.#heldAt(keeper).length > 0,
      onForgotten: (keeper, isOver) => this.#forgotten(keeper, isOver),
      onRoll: (roll) => init.council.adopt(roll),
    })
    const onTaken = (inode: HeldInode) => this.#follow(inode)
    const leases = this.#leases
    this.#claims = new Claims({ ...init, leases, onTaken })
    const onIdle = (inode: HeldInode) => this.#idle(inode)
    this.#questions = new Questions({ ...init, leases, onIdle })
    const { signal } = this.#stopping
    this.#doubts = new Doubts({
      questions: this.#questions,
      signal,
      pause: (round) => this.#pause(round, signal).catch(() => {}),
      onSettled: (inode) => this.#forget(inode),
    })
  }

  /** Inodes that are locked here, or waited for. */
  get size(): number {
    return this.#inodes.size
  }

  /** Whether a lock of the inode ran out while a process of this node relied on it. */
  isLost(place: Place): boolean {
    const inode = this.#inodes.get(nameOfPlace(place))
    if (inode === undefined) return false
    const { keeper, size } = inode
    return inode.lost.size > 0 || (size > 0 && keeper !== undefined && this.#leases.isOver(keeper))
  }

  /**
   * Sets or drops a lock.
   *
   * @throws PotluckError EAGAIN, EDEADLK, ENOLCK (nobody can grant it now, or too many), ABORTED
   */
  async lock(place: Place, range: LockRange, { wait, signal }: LockOptions): Promise<void> {
    const inode = this.#at(place)
    try {
      if (range.kind === 'none') return await this.#unlock(inode, range)
      const either = AbortSignal.any([this.#stopping.signal, ...(signal ? [signal] : [])])
      return await this.#lock({ inode, range, wait, signal: either })
    } finally {
      inode.calls -= 1
      this.#forget(inode)
    }
  }

  /** What stands in the way, and whose it is. @throws PotluckError ENOLCK, ABORTED */
  conflict(place: Place, range: LockRange, signal?: AbortSignal): Promise<Conflict | undefined> {
    const pause = this.#pause.bind(this)
    const ports = { ...this.#init, keeperOf: this.#keeperOf.bind(this), pause }
    return findConflict(ports, { ...place, range }, signal)
  }

  /** Inodes whose keeper is another one now are claimed there. */
  adopted(): void {
    for (const inode of this.#inodes.values()) this.#follow(inode)
  }

  stop(): void {
    this.#stopping.abort()
    this.#leases.stop()
    this.#claims.stop()
  }

  async #lock(attempt: Attempt): Promise<void> {
    const { clock } = this.#init
    const { inode, range, wait, signal } = attempt
    const endMs = wait ? Infinity : clock.now() + PATIENCE_MS
    let doubtful: Member | undefined
    try {
      for (let round = 0; clock.now() < endMs; round++) {
        const keeper = await this.#enter(inode, range.owner)
        const outcome = keeper === undefined ? 'later' : await this.#questions.try(attempt, keeper)
        const wasDoubtful = doubtful !== undefined
        if (outcome === 'unknown') doubtful = keeper
        if (isCertain(outcome)) doubtful = undefined
        inode.uncertain += Number(doubtful !== undefined) - Number(wasDoubtful)
        if (outcome === 'done') await this.#init.heard(inode.place)
        // A lease that was waited for long may have run out while that was heard.
        if (outcome === 'done' && keeper !== undefined && !this.#leases.isOver(keeper)) return
        failFor(outcome)
        await this.#pause(round, signal)
      }
      throw unavailable()
    } finally {
      if (doubtful !== undefined) {
        inode.uncertain -= 1
        this.#doubts.add(inode, range, doubtful)
      }
    }
  }

  async #unlock(inode: HeldInode, range: LockRange): Promise<void> {
    const { clock } = this.#init
    if (range.from === 0 && range.to === Infinity) inode.lost.delete(range.owner)
    if (!inode.touches(range)) return
    const endMs = clock.now() + UNLOCK_PATIENCE_MS
    for (let round = 0; clock.now() < endMs && !this.#stopping.signal.aborted; round++) {
      const keeper = await this.#enter(inode, range.owner)
      const attempt = { inode, range, wait: false, signal: this.#stopping.signal }
      if (keeper !== undefined && (await this.#questions.try(attempt, keeper)) === 'done') return
      await this.#pause(round, this.#stopping.signal)
    }
    // It is let go here and now; the keeper is told when it can be.
    inode.set(range)
    if (inode.keeper !== undefined) this.#doubts.add(inode, range, inode.keeper)
  }

  /** The keeper to ask; undefined while nothing may be asked on behalf of this owner. */
  async #enter(inode: HeldInode, owner: bigint): Promise<Member | undefined> {
    const keeper = await this.#keeperOf(inode.place)
    if (inode.isMoving || inode.doubts.has(owner)) return undefined
    this.#follow(inode)
    if (inode.isMoving) return undefined
    inode.keeper = keeper
    return keeper
  }

  /** Goes to the keeper that the newest roll names, once nothing is being asked of the one before. */
  #follow(inode: HeldInode): void {
    const { roll } = this.#init.council
    const { keeper, place, isInUse } = inode
    if (roll === undefined || keeper === undefined || !isInUse) return
    if (!isSame(keeper, keeperOf(roll.keepers, place))) this.#move(inode)
  }

  #move(inode: HeldInode): void {
    if (inode.isMoving) return
    inode.leave()
    if (!inode.isBusy) this.#claims.add(inode)
  }

  /** The keeper may know of nothing that is held there: it is told, if that is not too late. */
  #forgotten(keeper: Member, isOver: boolean): void {
    for (const inode of this.#heldAt(keeper)) {
      if (isOver) inode.lose()
      this.#move(inode)
    }
  }

  /** An answer has come, or will never come. */
  #idle(inode: HeldInode): void {
    if (inode.isMoving && !inode.isBusy) this.#claims.add(inode)
    else if (!inode.isMoving) {
      this.#follow(inode)
      this.#doubts.settle(inode)
    }
  }

  #heldAt(keeper: Member): HeldInode[] {
    const isIt = (at: Member | undefined) => at !== undefined && isSame(at, keeper)
    return [...this.#inodes.values()].filter((one) => one.size > 0 && isIt(one.keeper))
  }

  /** @throws PotluckError ENOLCK where no roll can be had */
  async #keeperOf(place: Place): Promise<Member> {
    await this.#init.needRoll()
    const { roll } = this.#init.council
    if (roll === undefined) throw unavailable()
    return keeperOf(roll.keepers, place)
  }

  #pause(round: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this.#init
    const waitMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(round, 16))
    return sleep(clock, waitMs * (0.5 + random.next()), signal === undefined ? {} : { signal })
  }

  /** For one call more, until it takes it back. @throws PotluckError ENOLCK */
  #at(place: Place): HeldInode {
    const known = this.#inodes.get(nameOfPlace(place))
    const isRoom = known !== undefined || this.#inodes.size < INODES_MAX
    if (!isRoom) throw new PotluckError('ENOLCK', 'too many locked files')
    const inode = known ?? new HeldInode(place)
    this.#inodes.set(nameOfPlace(place), inode)
    inode.calls += 1
    return inode
  }

  #forget(inode: HeldInode): void {
    if (inode.isForgettable) this.#inodes.delete(nameOfPlace(inode.place))
  }
}
