// The holder's side, when it asks for a lock or gives it back: where the rumors end that tell of what
// it has changed; its own, and those of peers that made changes for it because they have the source.
import type { LockAnswer, LockQuestion, Member } from '../../ports/locks.ts'
import type { PeerId, RumorHead } from '../../ports/messages.ts'
import { MAX_LOCK_HEADS } from '../../wire/limits.ts'
import { type Heads, noteHead } from './merge.ts'

export type OwnWordsInit = {
  /** Tells at once what is untold here. @returns where that ends; undefined where nothing ever was told */
  readonly tell: () => RumorHead | undefined
  readonly ask: (peer: PeerId, question: LockQuestion) => Promise<LockAnswer>
  /** A peer that made changes for this node, or that life of it, is gone: they may be told by nobody. */
  readonly onUntold: () => void
}

export class OwnWords {
  readonly #init: OwnWordsInit
  /** Who made changes for this node since it was last asked where its rumors end, and in which life. */
  readonly #unasked = new Map<PeerId, number>()
  /** Of whoever was asked; the one that spoke last is the last. */
  readonly #heads: Heads = new Map()
  #asking: Promise<void> | undefined

  constructor(init: OwnWordsInit) {
    this.#init = init
  }

  /** A peer has made a change for this node. */
  madeBy({ peer, epoch }: Member): void {
    // What an earlier life made and did not tell, no later one will.
    if (!this.#unasked.has(peer)) this.#unasked.set(peer, epoch)
  }

  /** All that was changed here before the call is told by these, and those before them. */
  async heads(): Promise<readonly RumorHead[]> {
    while (this.#asking !== undefined || this.#unasked.size > 0) {
      this.#asking ??= this.#askAll().finally(() => (this.#asking = undefined))
      await this.#asking
    }
    // Last: a peer's silence is told by this node itself.
    const own = this.#init.tell()
    return [...this.#heads.values(), ...(own === undefined ? [] : [own])]
  }

  async #askAll(): Promise<void> {
    const peers = [...this.#unasked]
    this.#unasked.clear()
    await Promise.all(peers.map(([peer, epoch]) => this.#ask(peer, epoch)))
  }

  async #ask(peer: PeerId, epoch: number): Promise<void> {
    const answer = await this.#init.ask(peer, { step: 'tell' }).catch(() => undefined)
    const head = answer?.type === 'told' ? answer.head : undefined
    if (head === undefined) this.#forget(peer)
    else noteHead(this.#heads, head)
    if (head?.epoch !== epoch) this.#init.onUntold()
    const [oldest] = this.#heads.keys()
    // One place is for this node's own.
    if (this.#heads.size >= MAX_LOCK_HEADS && oldest !== undefined) this.#heads.delete(oldest)
  }

  #forget(peer: PeerId): void {
    for (const [life, { publisher }] of this.#heads) {
      if (publisher === peer) this.#heads.delete(life)
    }
  }
}
