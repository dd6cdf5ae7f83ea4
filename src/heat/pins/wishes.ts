// Paths that people pinned by hand, known to every node, so that they outlive each of them. Of two words on
// one path the later counts; that one was unpinned is remembered, too, or an old word would pin it again.
import type { PinWish } from '../../ports/heat/heat-messages.ts'
import type { Path } from '../../ports/messages.ts'
import { PotluckError } from '../../base/errors.ts'
import { MAX_WISHES } from '../../wire/limits.ts'

/** A clock may be ahead by this much; from further ahead nothing newer could ever follow. */
const FUTURE_MS = 3_600_000

export class Wishes {
  /** By volume and path, the newest last. */
  readonly #wishes = new Map<string, PinWish>()

  /** @returns whether it is news; @throws PotluckError ENOSPC where that many are pinned already */
  take(wish: PinWish, nowMs: number): boolean {
    const place = `${wish.volume}\0${wish.path}`
    const before = this.#wishes.get(place)
    const isSane = wish.wishedMs >= 0 && wish.wishedMs <= nowMs + FUTURE_MS
    if (!isSane || (before !== undefined && before.wishedMs >= wish.wishedMs)) return false
    if (before === undefined && this.#wishes.size >= MAX_WISHES) this.#makeRoom()
    this.#wishes.delete(place)
    this.#wishes.set(place, wish)
    return true
  }

  find(volume: string, path: Path): PinWish | undefined {
    return this.#wishes.get(`${volume}\0${path}`)
  }

  /** All that is known, what was unpinned among it. */
  all(): readonly PinWish[] {
    return [...this.#wishes.values()]
  }

  #makeRoom(): void {
    for (const [place, { isPinned }] of this.#wishes) {
      if (isPinned) continue
      this.#wishes.delete(place)
      return
    }
    throw new PotluckError('ENOSPC', `${MAX_WISHES} paths are pinned already; unpin one`)
  }
}
