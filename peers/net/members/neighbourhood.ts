// Looks oneself up, so that every peer knows the peers nearest to it, and they it. Without that, in a mesh
// too large for everybody to know everybody, two peers take themselves for the home of one key, and
// the source is read twice.
//
// Cheap on purpose: the few nearest are asked, over links that are there after the first time; soon again
// while somebody new is found, rarely when not. In a small mesh nothing is asked at all.
import type { PeerId } from '../../../src/ports/messages.ts'
import { type LookupInit, lookUp } from './lookup.ts'

/** So many of the nearest must have been asked: kad-dht's bucket here. */
const NEIGHBOURS = 8
const FIRST_MS = 100
const LONGEST_MS = 60_000

export type NeighbourhoodInit = LookupInit & {
  /** Up to so many contacts everybody is told of everybody. */
  readonly smallMesh: number
}

export class Neighbourhood {
  readonly #init: NeighbourhoodInit
  readonly #stopping = new AbortController()
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #waitMs = FIRST_MS

  constructor(init: NeighbourhoodInit) {
    this.#init = init
    const joined = (): void => this.#begin()
    this.#unsubscribe = init.contacts.subscribe({ joined, left: () => undefined })
  }

  stop(): void {
    this.#unsubscribe()
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  #begin(): void {
    const { contacts, smallMesh } = this.#init
    if (contacts.size > smallMesh) this.#timer ??= this.#after(FIRST_MS)
  }

  #after(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), delayMs * (0.5 + Math.random()))
  }

  async #look(): Promise<void> {
    const before = this.#nearest()
    const { signal } = this.#stopping
    const { position } = this.#init.contacts.self
    // A peer that fails is dropped by the lookup itself; it throws only when we stop.
    await lookUp(this.#init, position, { count: NEIGHBOURS, signal }).catch(() => undefined)
    if (signal.aborted) return
    const isSame = this.#nearest().join() === before.join()
    this.#waitMs = isSame ? Math.min(LONGEST_MS, this.#waitMs * 2) : FIRST_MS
    this.#timer = this.#after(this.#waitMs)
  }

  #nearest(): PeerId[] {
    const { contacts } = this.#init
    return contacts.closest(contacts.self.position, NEIGHBOURS).map(({ contact }) => contact.peer)
  }
}
