// Who passes rumors on to whom: gossipsub's mesh over each node's links, as a model. A node has a few
// links, some it dialled, some that dialled it; of these about D are its mesh. Where too few of them
// are left alive it grafts others, as a heartbeat would, when it next has something to pass on.
//
// It must keep nothing but short lists a node: a large world has 65,536.
import type { Random } from '../../src/ports/random.ts'
import { below, pickSome } from '../engine/draws.ts'

export type OverlayModel = {
  /**
   * Links that a node dials if it has fewer; others dial it, too. @default 8: the four that a real
   * peer keeps at least, and some that it has for fetching and for kad-dht
   */
  readonly links: number
  /** Neighbours in the mesh aimed at, gossipsub's D. @default 6 */
  readonly degree: number
  /** Fewer, and it grafts: D_low. @default 4 */
  readonly degreeLow: number
  /** More, and it prunes: D_high. @default 12 */
  readonly degreeHigh: number
}

export const DEFAULT_OVERLAY: OverlayModel = { links: 8, degree: 6, degreeLow: 4, degreeHigh: 12 }

/** One node's place in the overlay. */
export class Member<T> {
  readonly of: T
  links: readonly Member<T>[] = []
  mesh: readonly Member<T>[] = []

  constructor(of: T) {
    this.of = of
  }
}

export class Overlay<T> {
  readonly #model: OverlayModel
  readonly #random: Random
  readonly #isLiving: (of: T) => boolean
  #members: Member<T>[] = []
  #newcomers: Member<T>[] = []

  constructor(model: OverlayModel, random: Random, isLiving: (of: T) => boolean) {
    this.#model = model
    this.#random = random
    this.#isLiving = isLiving
  }

  /** A newcomer; it has its links when somebody first asks for them. */
  join(of: T): Member<T> {
    const member = new Member(of)
    this.#newcomers.push(member)
    return member
  }

  living(): readonly Member<T>[] {
    this.#settle()
    return this.#members.filter(({ of }) => this.#isLiving(of))
  }

  /** The living links of a member; new ones where too few are left. */
  linksOf(member: Member<T>): readonly Member<T>[] {
    this.#settle()
    this.#dial(member)
    return member.links
  }

  /** Those of the mesh to which a member passes on what it hears. */
  meshOf(member: Member<T>): readonly Member<T>[] {
    this.#settle()
    const living = member.mesh.filter((other) => this.#isLiving(other.of))
    if (living.length !== member.mesh.length) member.mesh = living
    if (living.length < this.#model.degreeLow) {
      this.#dial(member)
      this.#graft(member)
    }
    return member.mesh
  }

  /** Lets all who joined since find their links, and form their mesh. */
  #settle(): void {
    if (this.#newcomers.length === 0) return
    const newcomers = this.#newcomers.filter(({ of }) => this.#isLiving(of))
    this.#newcomers = []
    this.#members = [...this.#members.filter(({ of }) => this.#isLiving(of)), ...newcomers]
    for (const member of newcomers) this.#dial(member)
    // As a heartbeat does: who has enough by others' grafts makes none.
    for (const member of newcomers) {
      if (member.mesh.length < this.#model.degreeLow) this.#graft(member)
    }
    for (const member of this.#members) this.#prune(member)
  }

  #dial(member: Member<T>): void {
    const { links } = this.#model
    const living = member.links.filter(({ of }) => this.#isLiving(of))
    if (living.length !== member.links.length) member.links = living
    const tries = links * 4
    for (let i = 0; i < tries && member.links.length < links; i++) {
      const other = this.#members[below(this.#random, this.#members.length)] as Member<T>
      if (other === member || member.links.includes(other) || !this.#isLiving(other.of)) continue
      member.links = [...member.links, other]
      other.links = [...other.links, member]
    }
  }

  /** Takes links into the mesh until there are D, at both ends. */
  #graft(member: Member<T>): void {
    const { degree } = this.#model
    const free = member.links.filter((other) => !member.mesh.includes(other))
    const lacking = Math.max(0, degree - member.mesh.length)
    for (const other of pickSome(this.#random, free, lacking)) {
      member.mesh = [...member.mesh, other]
      other.mesh = [...other.mesh, member]
    }
  }

  #prune(member: Member<T>): void {
    const { degree, degreeHigh } = this.#model
    if (member.mesh.length <= degreeHigh) return
    const kept = pickSome(this.#random, member.mesh, degree)
    for (const other of member.mesh) {
      if (!kept.includes(other)) other.mesh = other.mesh.filter((each) => each !== member)
    }
    member.mesh = kept
  }
}
