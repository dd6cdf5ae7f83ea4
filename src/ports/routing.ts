import type { Key, PeerId } from './messages.ts'

/** A peer and its place in the key space: `sha256` of the peer id's bytes. */
export type Contact = {
  readonly peer: PeerId
  readonly position: Key
}

export type RoutingListener = {
  joined(contact: Contact): void
  /** `isGone`: not only silent; no process of it runs now, for its host refuses the connection. */
  left(contact: Contact, isGone: boolean): void
}

/** Who is there: the Kademlia table in memory. Nothing here waits for the network but `lookup`. */
export interface Routing {
  readonly self: Contact

  /** Every living peer known now, in no order, self not among them. */
  contacts(): readonly Contact[]

  /** Told of each join and leave after this call; the function returned ends it. */
  subscribe(listener: RoutingListener): () => void

  /** Asks the network for the peers closest to a key: many round trips, never on the read path. */
  lookup(key: Key, options?: { readonly signal?: AbortSignal }): Promise<readonly Contact[]>
}
