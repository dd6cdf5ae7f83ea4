import type { PeerId } from '../../../src/ports/messages.ts'
import { type Death, deathBy } from './death.ts'

/**
 * Dials of our own accord at once: each costs ten milliseconds of CPU, and they are never urgent.
 */
const MAX_DIALS = 4
/**
 * A busy peer, or we ourselves, may be too slow once; a dead one is so each time. One that is being killed
 * may take a connection and break it, until its host refuses the next.
 */
const ATTEMPTS = 3

export type DoubtsInit = {
  readonly connect: (peer: PeerId) => Promise<unknown>
  /** Asked before each attempt: the peer may have gone, or we. */
  readonly isWorthIt: (peer: PeerId) => boolean
  readonly onDead: (peer: PeerId, death: Death) => void
}

/** Peers that may be dead, or that we only know by hearsay: connects to a few of them at a time. */
export class Doubts {
  readonly #init: DoubtsInit
  /** In the order in which they came to be doubted. */
  readonly #doubted = new Set<PeerId>()
  #dials = 0

  constructor(init: DoubtsInit) {
    this.#init = init
  }

  /** Finds out whether a peer is alive by connecting to it, when its turn comes. */
  add(peer: PeerId): void {
    this.#doubted.add(peer)
    this.#next()
  }

  #next(): void {
    for (const peer of this.#doubted) {
      if (this.#dials >= MAX_DIALS) return
      this.#doubted.delete(peer)
      void this.#settle(peer)
    }
  }

  async #settle(peer: PeerId): Promise<void> {
    this.#dials++
    try {
      await this.#tryConnect(peer)
    } catch (error) {
      this.#init.onDead(peer, deathBy(error))
    } finally {
      this.#dials--
      this.#next()
    }
  }

  async #tryConnect(peer: PeerId): Promise<void> {
    for (let attempt = 1; this.#init.isWorthIt(peer); attempt++) {
      try {
        await this.#init.connect(peer)
        return
      } catch (error) {
        if (attempt >= ATTEMPTS || deathBy(error).isGone) throw error
      }
    }
  }
}
