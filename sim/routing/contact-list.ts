// Contacts in the order of their places. A world has as many of these as nodes, each of some hundred
// contacts: a sorted array takes a third of the room of a set, and counts a bucket by two searches.
import type { Key } from '../../src/ports/messages.ts'
import type { Contact } from '../../src/ports/routing.ts'

export class ContactList {
  #contacts: Contact[] = []

  get size(): number {
    return this.#contacts.length
  }

  /** In the order of their places. */
  all(): readonly Contact[] {
    return this.#contacts
  }

  has(contact: Contact): boolean {
    return this.at(contact.position) === contact
  }

  /** Who stands there. */
  at(position: Key): Contact | undefined {
    const found = this.#contacts[this.countBefore(position)]
    return found?.position === position ? found : undefined
  }

  /** Nobody may stand there yet. */
  add(contact: Contact): void {
    this.#contacts.splice(this.countBefore(contact.position), 0, contact)
  }

  delete(contact: Contact): void {
    if (this.has(contact)) this.#contacts.splice(this.countBefore(contact.position), 1)
  }

  countBefore(position: Key): number {
    let low = 0
    let high = this.#contacts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#contacts[middle] as Contact).position < position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many stand between two places, both included. */
  countBetween(first: Key, last: Key): number {
    return this.countBefore(last) - this.countBefore(first) + (this.at(last) === undefined ? 0 : 1)
  }
}
