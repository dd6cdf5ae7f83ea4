import type { Known } from '../placement/peer-table.ts'
import type { PeerId, Want } from '../ports/messages.ts'

/** How many nodes keep what is wanted because it is hot; 1 where that is not known. */
export type CopiesOf = (want: Want) => number

/** How many wants of this node each peer has now, and who else has what is wanted. */
export class Loads {
  readonly #wants = new Map<PeerId, number>()
  readonly #copiesOf: CopiesOf

  constructor(copiesOf: CopiesOf) {
    this.#copiesOf = copiesOf
  }

  /** Peers that have any. */
  get size(): number {
    return this.#wants.size
  }

  readonly of = (peer: PeerId): number => this.#wants.get(peer) ?? 0

  /** For the choice of whom to ask. */
  about(want: Want): Known {
    return { loadOf: this.of, copies: this.#copiesOf(want) }
  }

  begin(peer: PeerId): void {
    this.#wants.set(peer, this.of(peer) + 1)
  }

  end(peer: PeerId): void {
    const left = this.of(peer) - 1
    if (left > 0) this.#wants.set(peer, left)
    else this.#wants.delete(peer)
  }
}
