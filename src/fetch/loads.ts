import type { PeerId } from '../ports/messages.ts'

/** How many wants of this node each peer has now. */
export class Loads {
  readonly #wants = new Map<PeerId, number>()

  /** Peers that have any. */
  get size(): number {
    return this.#wants.size
  }

  readonly of = (peer: PeerId): number => this.#wants.get(peer) ?? 0

  begin(peer: PeerId): void {
    this.#wants.set(peer, this.of(peer) + 1)
  }

  end(peer: PeerId): void {
    const left = this.of(peer) - 1
    if (left > 0) this.#wants.set(peer, left)
    else this.#wants.delete(peer)
  }
}
