// Which keepers are dead, as far as this node can know. Two kinds, which are not the same: who is *gone*
// has ended for certain (its host refuses the connection, or a later life of it has been heard of),
// so what it promised is void; who is *silent* may as well be cut off, and may be replaced only by a
// majority of the voters.
import type { Member } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import { nameOf } from './roll.ts'

const EPOCHS_MAX = 16_384

export class Presence {
  readonly #gone = new Set<PeerId>()
  readonly #silent = new Set<string>()
  /** The newest life heard of. */
  readonly #epochs = new Map<PeerId, number>()

  isGone(member: Member): boolean {
    return this.#gone.has(member.peer) || (this.#epochs.get(member.peer) ?? 0) > member.epoch
  }

  isDead(member: Member): boolean {
    return this.isGone(member) || this.#silent.has(nameOf(member))
  }

  /** A life of it spoke; false where a later one has done so before. */
  heard(member: Member): boolean {
    const newest = this.#epochs.get(member.peer) ?? -1
    if (member.epoch < newest) return false
    this.#gone.delete(member.peer)
    if (this.#silent.size > 0) this.#silent.delete(nameOf(member))
    if (member.epoch > newest) this.#remember(member)
    return true
  }

  /** It is there again, or was all along. */
  came(peer: PeerId): void {
    this.#gone.delete(peer)
  }

  ended(peer: PeerId): void {
    this.#gone.add(peer)
    if (this.#gone.size <= EPOCHS_MAX) return
    for (const oldest of this.#gone) {
      this.#gone.delete(oldest)
      return
    }
  }

  silent(member: Member): void {
    this.#silent.add(nameOf(member))
  }

  /** Only of these is silence remembered. */
  keepOnly(members: readonly Member[]): void {
    const names = new Set(members.map(nameOf))
    for (const name of this.#silent) if (!names.has(name)) this.#silent.delete(name)
  }

  #remember({ peer, epoch }: Member): void {
    this.#epochs.delete(peer)
    this.#epochs.set(peer, epoch)
    if (this.#epochs.size <= EPOCHS_MAX) return
    for (const oldest of this.#epochs.keys()) {
      this.#epochs.delete(oldest)
      return
    }
  }
}
