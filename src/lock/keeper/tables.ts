// All inodes that a keeper has locks or waiting holders of.
import type { LockRecord, Member } from '../../ports/locks.ts'
import type { StopSignal } from '../../base/abort.ts'
import type { LockRange } from '../../ports/changes.ts'
import { InodeLocks, type Owner } from './inode-locks.ts'
import { nameOfPlace, type Place } from '../place.ts'
import type { Sessions } from './sessions.ts'
import { Waits } from './waits.ts'

/** Of one inode, and of all. */
const WAITERS_OF_INODE_MAX = 1_024
const WAITERS_MAX = 16_384

export class Tables {
  readonly #inodes = new Map<string, InodeLocks>()
  readonly #waits = new Waits()

  /** Inodes with a lock on them, or a wait for one. */
  get size(): number {
    return this.#inodes.size
  }

  get waiters(): number {
    return this.#waits.size
  }

  find(place: Place): InodeLocks | undefined {
    return this.#inodes.get(nameOfPlace(place))
  }

  /** Made where there is none; whoever leaves it empty must `pump` it. */
  at({ volume, inode }: Place): InodeLocks {
    const name = nameOfPlace({ volume, inode })
    const locks = this.#inodes.get(name) ?? new InodeLocks({ volume, inode })
    this.#inodes.set(name, locks)
    return locks
  }

  waitedFor(): Place[] {
    return [...this.#inodes.values()]
      .filter(({ waiters }) => waiters.length > 0)
      .map(({ place }) => place)
  }

  /** Grants what those who wait may have by now, in the order in which they came. */
  pump(place: Place, letIn: (holder: Member) => ReturnType<Sessions['letIn']>): void {
    const locks = this.find(place)
    if (locks === undefined) return
    for (const waiter of locks.waiters.slice()) {
      if (locks.conflict(waiter, waiter.range) !== undefined) continue
      const outcome = letIn(waiter.holder)
      if (outcome === undefined) break
      if (outcome === 'granted') locks.set(waiter, waiter.range)
      waiter.settle(outcome)
    }
    if (locks.isEmpty) this.#inodes.delete(nameOfPlace(place))
  }

  /** Resolves with what became of the wait; an owner that gives up is no longer waited with. */
  async wait(
    owner: Owner,
    { range, ...place }: Place & { readonly range: LockRange },
    signal: StopSignal,
  ): Promise<'granted' | 'moved' | 'later' | 'deadlock' | 'full'> {
    const locks = this.at(place)
    if (this.#waits.size >= WAITERS_MAX || locks.waiters.length >= WAITERS_OF_INODE_MAX) {
      return 'full'
    }
    if (this.#waits.wouldDeadlock(locks, owner, range)) return 'deadlock'
    const ended = Promise.withResolvers<'granted' | 'moved' | 'later'>()
    const { resolve: answer } = ended
    const onAbort = () => answer('later')
    const end = this.#waits.add(locks, {
      ...owner,
      range,
      settle: (outcome) => {
        // At once: what is granted must not be given up any more.
        end()
        answer(outcome)
      },
    })
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    const outcome = await ended.promise
    signal.removeEventListener('abort', onAbort)
    end()
    return outcome
  }

  /** Takes away all that a peer holds; the inodes of which it held any. Who waits needs no lease. */
  drop(holder: Member): Place[] {
    const touched: Place[] = []
    for (const locks of this.#inodes.values()) {
      if (locks.count(holder) === 0) continue
      locks.drop(holder)
      touched.push(locks.place)
    }
    return touched
  }

  /** Gives up the inodes that somebody else keeps from now on, and says what was held of them. */
  depart(isOurs: (place: Place) => boolean): LockRecord[] {
    const records: LockRecord[] = []
    for (const [name, locks] of this.#inodes) {
      if (isOurs(locks.place)) continue
      records.push(...locks.records())
      for (const waiter of locks.waiters.slice()) waiter.settle('moved')
      this.#inodes.delete(name)
    }
    return records
  }

  clear(): void {
    this.depart(() => false)
  }
}
