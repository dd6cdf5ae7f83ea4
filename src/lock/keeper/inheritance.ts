// What a keeper may not know yet: who holds locks on the inodes that others kept before it. Each keeper
// of the roll before hands over what it knows; one that is dead can't, and then nothing new is granted
// of what was its own until every lease that it may have given has run out. Meanwhile those who hold
// such leases claim what is theirs.
//
// A wait is handed over as well, as what is left of it: so no number of further changes makes it longer.
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, Member, Roll } from '../../ports/locks.ts'
import { sleep } from '../../base/time.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import type { Place } from '../place.ts'
import { isSame, keeperOf, nameOf } from '../roll/roll.ts'
import { LEASE_MS } from '../terms.ts'

const AGAIN_MS = 300

export type HandedOver = LockAnswer & { readonly type: 'records' }

export type InheritanceInit = {
  readonly clock: Clock
  readonly ask: Ask
  readonly council: Council
  readonly take: (by: Member, handedOver: HandedOver) => void
}

/** In milliseconds on this node's clock; 0 for always. */
export type Inherited = { readonly knownMs: number; readonly runOutMs: number }

const NOTHING: Inherited = { knownMs: 0, runOutMs: 0 }

export class Inheritance {
  readonly #init: InheritanceInit
  #roll: Roll | undefined
  /** From when on nothing is missing of what a keeper of the roll before kept. */
  readonly #knownFromMs = new Map<string, number>()
  readonly #runOutMs = new Map<string, number>()
  #stopped = new AbortController()

  constructor(init: InheritanceInit) {
    this.#init = init
  }

  /** How long until everything is known. */
  get leftMs(): number {
    const latest = Math.max(0, ...this.#knownFromMs.values())
    return Math.max(0, latest - this.#init.clock.now())
  }

  /** All that others were granted on this inode is known here. */
  knows(place: Place): boolean {
    const { previous = [] } = this.#roll ?? {}
    return previous.length === 0 || this.#isKnown(keeperOf(previous, place))
  }

  /** From when on that is so, and from when on nothing counts that was leased of it. */
  from(place: Place): Inherited {
    const { previous = [] } = this.#roll ?? {}
    if (previous.length === 0) return NOTHING
    const name = nameOf(keeperOf(previous, place))
    return { knownMs: this.#knownFromMs.get(name) ?? 0, runOutMs: this.#runOutMs.get(name) ?? 0 }
  }

  /** The same of all that others kept. */
  get fromOthers(): Inherited {
    const own = nameOf(this.#init.council.self)
    const latest = (all: ReadonlyMap<string, number>): number =>
      Math.max(0, ...[...all].map(([name, fromMs]) => (name === own ? 0 : fromMs)))
    return { knownMs: latest(this.#knownFromMs), runOutMs: latest(this.#runOutMs) }
  }

  /** This node keeps by this roll, and knows what it kept by the one before after so long. */
  begin(roll: Roll, { ownLeftMs }: { readonly ownLeftMs: number }): void {
    const { clock, council } = this.#init
    this.stop()
    this.#stopped = new AbortController()
    this.#roll = roll
    this.#knownFromMs.clear()
    this.#runOutMs.clear()
    for (const member of roll.previous) {
      const isOwn = isSame(member, council.self)
      this.#knownFromMs.set(nameOf(member), clock.now() + (isOwn ? ownLeftMs : LEASE_MS))
      this.#runOutMs.set(nameOf(member), clock.now() + LEASE_MS)
      if (!isOwn) void this.#inherit(roll, member, this.#stopped.signal)
    }
  }

  stop(): void {
    this.#stopped.abort()
  }

  #isKnown(member: Member): boolean {
    return this.#init.clock.now() >= (this.#knownFromMs.get(nameOf(member)) ?? 0)
  }

  async #inherit(roll: Roll, member: Member, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isKnown(member)) {
      if (await this.#askFor(roll, member, signal)) return
      await sleep(this.#init.clock, AGAIN_MS, { signal }).catch(() => {})
    }
  }

  /** Whether it has told what it knows. */
  async #askFor(roll: Roll, member: Member, signal: AbortSignal): Promise<boolean> {
    const { ask, council, clock, take } = this.#init
    const question = { step: 'handover', epoch: council.self.epoch, roll } as const
    const answer = await ask(member.peer, question, { signal }).catch(() => undefined)
    if (signal.aborted || answer === undefined) return false
    if (answer.type === 'refused') council.adopt(answer.roll)
    if (answer.type !== 'records') return false
    take(member, answer)
    const name = nameOf(member)
    const fromMs = clock.now() + Math.min(LEASE_MS, answer.settledInMs)
    this.#knownFromMs.set(name, Math.min(fromMs, this.#knownFromMs.get(name) ?? 0))
    const runOutMs = clock.now() + Math.min(LEASE_MS, answer.leasedForMs)
    this.#runOutMs.set(name, Math.min(runOutMs, this.#runOutMs.get(name) ?? 0))
    return true
  }
}
