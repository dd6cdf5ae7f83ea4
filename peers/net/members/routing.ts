import type { Key } from '../../../src/ports/messages.ts'
import type { Contact, Routing, RoutingListener } from '../../../src/ports/routing.ts'
import type { Contacts } from './contacts.ts'
import { CLOSEST, lookUp, type LookupInit } from './lookup.ts'

/** The port `Routing` over the contacts. */
export class PeerRouting implements Routing {
  readonly self: Contact
  readonly #contacts: Contacts
  readonly #init: LookupInit

  constructor(init: LookupInit) {
    this.self = init.contacts.self
    this.#contacts = init.contacts
    this.#init = init
  }

  contacts(): readonly Contact[] {
    return this.#contacts.all()
  }

  subscribe(listener: RoutingListener): () => void {
    return this.#contacts.subscribe(listener)
  }

  async lookup(key: Key, options?: { readonly signal?: AbortSignal }): Promise<readonly Contact[]> {
    await lookUp(this.#init, key, { signal: options?.signal })
    return this.#contacts.closest(key, CLOSEST).map(({ contact }) => contact)
  }
}
