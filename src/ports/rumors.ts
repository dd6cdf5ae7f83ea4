import type { Gossip, PeerId } from './messages.ts'

/** Gossip: best effort to all, each message handed over once, order not kept, losses possible. */
export interface Rumors {
  publish(gossip: Gossip): void

  /** `from` is who published it, not who passed it on. Own messages are not heard. */
  subscribe(listener: (gossip: Gossip, from: PeerId) => void): () => void
}
