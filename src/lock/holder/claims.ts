// Telling a new keeper what is held here. Claims to one keeper go together; each inode's is made again
// until a keeper has taken or refused it, or the lease under which it is held is over: from then on
// somebody else may have had it, and it is lost.
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, Member, Roll } from '../../ports/locks.ts'
import type { Random } from '../../ports/random.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import { keeperOf, nameOf } from '../roll/roll.ts'
import * as limits from '../../wire/limits.ts'
import type { HeldInode } from './held-inode.ts'
import type { Leases } from './leases.ts'

const GATHER_MS = 1
const AGAIN_MS = 200
const TOGETHER = 256

export type ClaimsInit = {
  readonly clock: Clock
  readonly random: Random
  readonly ask: Ask
  readonly council: Council
  readonly leases: Leases
  readonly onSilence: (keeper: Member) => void
  /** A keeper knows what is held of it, or that nothing is. */
  readonly onTaken: (inode: HeldInode) => void
}

export class Claims {
  readonly #init: ClaimsInit
  readonly #waiting = new Set<HeldInode>()
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: ClaimsInit) {
    this.#init = init
  }

  /** Nothing may be asked about the inode until its `isMoving` is false again. */
  add(inode: HeldInode): void {
    this.#waiting.add(inode)
    this.#later(GATHER_MS)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #later(delayMs: number): void {
    if (this.#isStopped || this.#cancel !== undefined) return
    this.#cancel = this.#init.clock.after(delayMs, () => {
      this.#cancel = undefined
      this.#sendAll()
    })
  }

  #sendAll(): void {
    const { roll } = this.#init.council
    if (roll === undefined) return
    const byKeeper = Map.groupBy(this.#waiting, ({ place }) =>
      nameOf(keeperOf(roll.keepers, place)),
    )
    this.#waiting.clear()
    for (const inodes of byKeeper.values()) {
      for (const batch of batches(inodes)) void this.#send(batch, roll)
    }
  }

  async #send(inodes: readonly HeldInode[], roll: Roll): Promise<void> {
    const { ask, clock, leases, council, onSilence } = this.#init
    for (const inode of inodes) this.#loseIfOver(inode)
    const [first] = inodes
    if (first === undefined) return
    const keeper = keeperOf(roll.keepers, first.place)
    const { session } = leases.of(keeper)
    const question = {
      step: 'claim',
      epoch: council.self.epoch,
      session,
      sequence: leases.next(),
      records: inodes.map((inode) => inode.record(council.self)),
    } as const
    const askedMs = clock.now()
    const answer = await ask(keeper.peer, question).catch(() => onSilence(keeper))
    if (answer?.type === 'lease') return this.#taken(inodes, keeper, { answer, askedMs })
    if (answer?.type === 'refused') {
      council.adopt(answer.roll)
      if (answer.why === 'expired' && leases.of(keeper).session === session)
        leases.forgotten(keeper)
    }
    for (const inode of inodes) this.#waiting.add(inode)
    this.#later(AGAIN_MS * (0.5 + this.#init.random.next()))
  }

  #taken(
    inodes: readonly HeldInode[],
    keeper: Member,
    { answer, askedMs }: { answer: LockAnswer & { readonly type: 'lease' }; askedMs: number },
  ): void {
    this.#init.leases.granted(keeper, answer, askedMs)
    const refused = new Set(answer.refused)
    for (const [index, inode] of inodes.entries()) {
      if (refused.has(index)) inode.lose()
      inode.keeper = keeper
      inode.doubts.clear()
      inode.isMoving = false
      this.#init.onTaken(inode)
    }
  }

  /** The next keeper has to hear of it all the same: that nothing is held. */
  #loseIfOver(inode: HeldInode): void {
    const { keeper, size } = inode
    if (size > 0 && (keeper === undefined || this.#init.leases.isOver(keeper))) inode.lose()
  }
}

function batches(inodes: readonly HeldInode[]): HeldInode[][] {
  const all: HeldInode[][] = []
  let locks = Infinity
  for (const inode of inodes) {
    locks += inode.size
    if (locks > limits.MAX_LOCKS_OF_INODE || (all.at(-1)?.length ?? 0) >= TOGETHER) {
      all.push([])
      locks = inode.size
    }
    all.at(-1)?.push(inode)
  }
  return all
}
