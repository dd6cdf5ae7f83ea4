// What people wished before this node started again, kept on its own disk: the whole mesh may have been
// down meanwhile. It is told to the others until somebody says the same; who works a wish out says it to
// all, so with thousands of nodes that remember it only the first few speak.
import type { PinWish } from '../../ports/heat/heat-messages.ts'

export class Remembered {
  readonly #untold = new Map<string, PinWish>()
  readonly #everyMs: number
  #dueMs: number

  /** @param firstMs by the node's clock, when what is still unknown to others is first told */
  constructor(
    wishes: readonly PinWish[],
    at: { readonly firstMs: number; readonly everyMs: number },
  ) {
    for (const wish of wishes) this.#untold.set(placeOf(wish), wish)
    this.#everyMs = at.everyMs
    this.#dueMs = at.firstMs
  }

  /** Another node knows of this path, or better. */
  heard(wish: PinWish): void {
    const own = this.#untold.get(placeOf(wish))
    if (own !== undefined && wish.wishedMs >= own.wishedMs) this.#untold.delete(placeOf(wish))
  }

  /** What is to be told now. */
  due(nowMs: number): readonly PinWish[] {
    if (this.#untold.size === 0 || nowMs < this.#dueMs) return []
    this.#dueMs = nowMs + this.#everyMs
    return [...this.#untold.values()]
  }
}

function placeOf({ volume, path }: PinWish): string {
  return `${volume}\0${path}`
}
