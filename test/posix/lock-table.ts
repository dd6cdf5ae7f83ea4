// The locks of one file, as fcntl(2) and flock(2) have them.
import { PotluckError } from '../../src/base/errors.ts'
import type { LockRange } from '../../src/ports/changes.ts'

type Waiting = { readonly range: LockRange; readonly grant: () => void }

export class LockTable {
  #held: LockRange[] = []
  readonly #waiting = new Set<Waiting>()

  get held(): readonly LockRange[] {
    return this.#held
  }

  conflicting(range: LockRange): LockRange | undefined {
    if (range.kind === 'none') return undefined
    return this.#held.find(
      (held) =>
        held.owner !== range.owner &&
        held.isFlock === range.isFlock &&
        (held.kind === 'write' || range.kind === 'write') &&
        held.from <= range.to &&
        range.from <= held.to,
    )
  }

  /** @throws PotluckError EAGAIN where another's lock is in the way and it must not wait */
  async lock(
    range: LockRange,
    { wait, signal }: { readonly wait: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    while (this.conflicting(range) !== undefined) {
      if (!wait) throw new PotluckError('EAGAIN', 'locked by another')
      await this.#changed(range, signal)
    }
    this.#set(range)
  }

  #changed(range: LockRange, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { range, grant: resolve }
      this.#waiting.add(waiting)
      signal?.addEventListener('abort', () => {
        this.#waiting.delete(waiting)
        reject(new PotluckError('EINTR', 'no longer waited for'))
      })
    })
  }

  /** What the owner held of the range before is replaced; what stands out of it stays. */
  #set(range: LockRange): void {
    this.#held = this.#held.flatMap((held) => {
      if (held.owner !== range.owner || held.isFlock !== range.isFlock) return [held]
      if (held.to < range.from || range.to < held.from) return [held]
      return [
        ...(held.from < range.from ? [{ ...held, to: range.from - 1 }] : []),
        ...(held.to > range.to ? [{ ...held, from: range.to + 1 }] : []),
      ]
    })
    if (range.kind !== 'none') this.#held.push(range)
    for (const waiting of this.#waiting) {
      if (this.conflicting(waiting.range) !== undefined) continue
      this.#waiting.delete(waiting)
      waiting.grant()
    }
  }

  /** Closing any descriptor of a file drops all the range locks of who closes it. */
  drop(owner: bigint): void {
    const whole = { from: 0, to: Number.POSITIVE_INFINITY, pid: 0 }
    this.#set({ ...whole, kind: 'none', owner, isFlock: false })
  }
}
