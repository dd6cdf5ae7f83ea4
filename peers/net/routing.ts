import type { Key } from '../../src/ports/messages.ts'
import type { Contact, Routing, RoutingListener } from '../../src/ports/routing.ts'
import type { Contacts } from './contacts.ts'
import type { Membership } from './membership.ts'

const CLOSEST = 20

/** The port `Routing` over the contacts. */
export class PeerRouting implements Routing {
  readonly self: Contact
  readonly #contacts: Contacts
  readonly #membership: Membership

  constructor(contacts: Contacts, membership: Membership) {
    this.self = contacts.self
    this.#contacts = contacts
    this.#membership = membership
  }

  contacts(): readonly Contact[] {
    return this.#contacts.all()
  }

  subscribe(listener: RoutingListener): () => void {
    return this.#contacts.subscribe(listener)
  }

  /**
   * Kademlia's iterative search, on our own links: kad-dht hashes what it searches for, and a
   * position in the key space is a hash already.
   */
  async lookup(key: Key, options?: { readonly signal?: AbortSignal }): Promise<readonly Contact[]> {
    await this.#membership.lookup(key, options?.signal)
    return this.#contacts.closest(key, CLOSEST).map(({ contact }) => contact)
  }
}
