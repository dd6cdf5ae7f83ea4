// The side of a node that uses what it has cached, and changes inodes, under leases.
//
// A lease is good as long as this object of it is good: who uses what is cached takes it before, and looks
// at it again after. It ends when its keeper asks it back, which is answered once nothing under it
// goes on: no change is under way, and the kernel believes nothing any more that it was told. It must
// never wait, before that answer, for anything that may wait for the writer who wants the lease.
import { abortedError, type StopSignal, waitUnlessAborted } from '../../base/abort.ts'
import { PotluckError } from '../../base/errors.ts'
import { sleep } from '../../base/time.ts'
import type { LeaseAnswer, LeaseKind, LeaseQuestion } from '../../ports/leases/lease-messages.ts'
import type { Roll } from '../../ports/locks.ts'
import type { Inode, PeerId, RumorHead, Stamp } from '../../ports/messages.ts'
import { isSame, isSameRoll, keeperOf } from '../roll/roll.ts'
import { Held, type HeldInit, type Term } from './held.ts'
import { HeldTerms, type HeldTermsInit } from './held-terms.ts'
import { LeaseAsking, type LeaseAskingInit } from './lease-asking.ts'
import { LEASE_PATIENCE_MS } from './lease-terms.ts'
import { nameOfPlace, type Place } from '../place.ts'

/** As many inodes as a large tree has that is in use. */
const HELD_MAX = 65_536

/** Who is asked for a lease back at once, again and again, does not ask as often. */
const QUICK_TRIES = 3
const AGAIN_MS = 20

export type LeaseOptions = { readonly signal?: StopSignal | undefined }

export type LeaseHolderInit = Omit<HeldTermsInit, 'onRoll' | 'onTick'> &
  Omit<LeaseAskingInit, 'terms' | 'onLeased'> & {
    /** Tells all that is untold yet. @returns the rumor that says so */
    readonly told: () => RumorHead | undefined
    /** Has the kernel drop what it has of an inode; waits for it no longer than a moment. */
    readonly dropFromKernel: (place: Place) => Promise<void>
  }

export class LeaseHolder {
  readonly #init: LeaseHolderInit
  readonly #terms: HeldTerms
  readonly #held = new Map<string, Held>()
  readonly #asking: LeaseAsking
  #isStopped = false

  constructor(init: LeaseHolderInit) {
    this.#init = init
    const onRoll = (roll: Roll | undefined) => void init.council.adopt(roll)
    this.#terms = new HeldTerms({ ...init, onRoll, onTick: () => this.#sweep() })
    const onLeased = (term: Term, leased: HeldInit) => this.#hold(term, leased)
    this.#asking = new LeaseAsking({ ...init, terms: this.#terms, onLeased })
  }

  get size(): number {
    return this.#held.size
  }

  /** What was read of an inode before must not be used. */
  since(place: Place): Stamp {
    return this.#held.get(nameOfPlace(place))?.since ?? 0
  }

  /** The leases of these inodes, if all are good now. */
  here(volume: string, inodes: readonly Inode[], kind: LeaseKind): readonly Held[] | undefined {
    const all: Held[] = []
    for (const inode of inodes) {
      const held = this.#held.get(nameOfPlace({ volume, inode }))
      const isIt = kind === 'sole' ? held?.isSole : held?.isGood
      if (held === undefined || isIt !== true) return undefined
      all.push(held)
    }
    return all
  }

  /**
   * The same, asked for where they are not here.
   *
   * @throws PotluckError ETIMEDOUT where nobody leases them, ABORTED by the signal
   */
  async take(
    volume: string,
    inodes: readonly Inode[],
    { kind, signal }: LeaseOptions & { readonly kind: LeaseKind },
  ): Promise<readonly Held[]> {
    const { clock } = this.#init
    const untilMs = clock.now() + LEASE_PATIENCE_MS
    for (let tries = 0; ; tries++) {
      const here = this.here(volume, inodes, kind)
      if (here !== undefined) return here
      if (signal?.aborted === true) throw abortedError()
      if (this.#isStopped) throw new PotluckError('CLOSED', 'this node is stopping')
      if (clock.now() > untilMs) {
        throw new PotluckError('ETIMEDOUT', `nobody can say who else uses inode ${inodes[0]}`)
      }
      if (tries > QUICK_TRIES) await sleep(clock, AGAIN_MS)
      const missing = inodes.filter((inode) => this.here(volume, [inode], kind) === undefined)
      const bringing = this.#asking.bring(missing, { volume, kind, isPatient: true })
      await waitUnlessAborted(bringing, signal, () => {})
    }
  }

  /** Asks for what is likely to be used next, unless others are changing it. */
  ahead(volume: string, inodes: readonly Inode[]): void {
    const missing = inodes.filter((inode) => !this.#held.has(nameOfPlace({ volume, inode })))
    if (missing.length > 0)
      void this.#asking.bring(missing, { volume, kind: 'shared', isPatient: false })
  }

  /** Does the work while nobody else uses what they have cached of these inodes. */
  async alone<T>(
    volume: string,
    inodes: readonly Inode[],
    work: (areGood: () => boolean) => Promise<T>,
  ): Promise<T> {
    const pinned: Held[] = []
    try {
      // In one order everywhere: no two who have one each may wait for the other's.
      for (const inode of [...new Set(inodes)].sort()) {
        const [held] = await this.take(volume, [inode], { kind: 'sole' })
        held?.pin()
        if (held !== undefined) pinned.push(held)
      }
      return await work(() => pinned.every((held) => held.isGood))
    } finally {
      for (const held of pinned) held.unpin()
      // Where a lease ran out under it, others may have looked meanwhile.
      const lapsed = pinned.filter((held) => !held.isGood).map(({ place }) => place.inode)
      if (lapsed.length > 0) await this.changed(volume, lapsed)
    }
  }

  /** These were changed, maybe without their lease: others have to forget what they have cached. */
  async changed(volume: string, inodes: readonly Inode[]): Promise<void> {
    for (const inode of inodes) {
      const [held] = await this.take(volume, [inode], { kind: 'sole' })
      if (held !== undefined) held.hasChanged = true
    }
  }

  /** Resolves once this node's own kernel believes nothing that it was told of these before now. */
  async disbelieved(volume: string, inodes: readonly Inode[]): Promise<void> {
    const { clock } = this.#init
    const untilMs = inodes.map(
      (inode) => this.#held.get(nameOfPlace({ volume, inode }))?.believedUntilMs,
    )
    const leftMs = Math.max(0, ...untilMs.map((until) => until ?? 0)) - clock.now()
    if (leftMs > 0) await sleep(clock, leftMs)
  }

  /** A keeper asks for a lease back. */
  async recalled(
    from: PeerId,
    question: LeaseQuestion & { readonly step: 'recall' },
  ): Promise<LeaseAnswer> {
    const { volume, inode, turn, keeps, epoch } = question
    this.#asking.recalled(from, question)
    const name = nameOfPlace({ volume, inode })
    const held = this.#held.get(name)
    const isTheirs = held !== undefined && isSame(held.term.keeper, { peer: from, epoch })
    if (!isTheirs || held.turn > turn) return this.#given(true)
    return keeps === 'shared' ? this.#share(held) : this.#giveBack(name, held)
  }

  adopted(roll: Roll, before: Roll | undefined): void {
    const isNext =
      before !== undefined && isSameRoll({ ...before, number: before.number + 1 }, roll)
    if (!isNext) this.#terms.clear()
    for (const held of this.#held.values()) {
      const isKept = isNext && isSame(keeperOf(roll.keepers, held.place), held.term.keeper)
      if (!isKept) held.freeze()
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#terms.stop()
    for (const held of this.#held.values()) held.end()
    this.#held.clear()
  }

  async #share(held: Held): Promise<LeaseAnswer> {
    held.close()
    await held.unpinned()
    const { hasChanged } = held
    held.hasChanged = false
    held.share()
    return this.#given(hasChanged)
  }

  async #giveBack(name: string, held: Held): Promise<LeaseAnswer> {
    const { clock, dropFromKernel } = this.#init
    held.close()
    await held.unpinned()
    held.end()
    if (this.#held.get(name) === held) this.#held.delete(name)
    await dropFromKernel(held.place)
    const believedMs = held.believedUntilMs - clock.now()
    if (believedMs > 0) await sleep(clock, believedMs)
    return this.#given(held.hasChanged)
  }

  #given(hasChanged: boolean): LeaseAnswer {
    const head = hasChanged ? this.#init.told() : undefined
    return head === undefined ? { type: 'given' } : { type: 'given', head }
  }

  #hold(term: Term, init: HeldInit): void {
    const name = nameOfPlace(init.place)
    const known = this.#held.get(name)
    if (known?.isGood === true && known.term === term) {
      known.turn = Math.max(known.turn, init.turn)
      if (init.kind === 'sole') known.kind = 'sole'
      return
    }
    const held = new Held(this.#init.clock, term, init)
    held.believedUntilMs = known?.believedUntilMs ?? 0
    held.hasChanged = known?.hasChanged ?? false
    known?.end()
    this.#held.set(name, held)
    if (this.#held.size > HELD_MAX) this.#makeRoom()
  }

  /** What the keeper then asks back is given at once. */
  #makeRoom(): void {
    const now = this.#init.clock.now()
    for (const [name, held] of this.#held) {
      if (held.isPinned || held.kind === 'sole' || held.believedUntilMs >= now) continue
      held.end()
      this.#held.delete(name)
      return
    }
  }

  #sweep(): void {
    for (const [name, held] of this.#held) {
      if (held.isGood || held.isPinned) continue
      this.#held.delete(name)
      void this.#init.dropFromKernel(held.place)
    }
  }
}
