// Who is there: the contacts of this peer, how it hears of joins, and how it comes to believe that
// one is dead. A newcomer exchanges a bounded number of contacts with the first it meets, so that a
// small mesh knows itself at once and a large one costs a join no more than that.
// It must never do work for all peers because one came, nor believe a contact it could not check.
import type { Log } from '../../../src/base/log.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { PeerId } from '../../../src/ports/messages.ts'
import { malformed } from '../../../src/wire/reader.ts'
import {
  decodeIntroductions,
  decodePeers,
  encodeIntroductions,
  writeIntroductions,
  writePeers,
  type Introduction,
} from './contact-codec.ts'
import type { Contacts } from './contacts.ts'
import type { Death } from './death.ts'
import { Doubts } from './doubts.ts'
import { FRAME } from '../link/frame.ts'
import { introduce, introductionsFor } from './introductions.ts'
import { some } from './some.ts'
import type { Link } from '../link/link.ts'
import type { LinkListener } from '../link/link-types.ts'
import type { Links } from '../link/links.ts'
import { CLOSEST } from './lookup.ts'

/** Contacts told to a peer that one meets. */
const TOLD_AT_MEETING = 256
/**
 * News of a join is passed on to so many peers: in a small mesh to all, where most have one link.
 */
const TOLD_OF_NEWS = 64
/** Contacts are compared with one linked peer this often, as long as they change. */
const COMPARE_MS = 400
const COMPARE_QUIET_MS = 10_000
/** Beyond so many contacts news of joins is no longer passed on: each looks itself up instead. */
export const SMALL_MESH = 256
/** News is gathered for so long. */
const NEWS_DELAY_MS = 5
/**
 * Links that a node keeps at least, if there are so many peers: for gossip, and to see who dies.
 * Others dial us too, so that on average it has twice as many.
 */
const MIN_LINKS = 4
/** The links are counted when those who dial us have had time to. */
const DEGREE_DELAY_MS = 250

export type MembershipInit = {
  readonly contacts: Contacts
  readonly links: () => Links
  readonly ownAddresses: () => readonly string[]
  readonly log: Log
  /** @default 256 */
  readonly toldAtMeeting?: number
  /** @default SMALL_MESH */
  readonly smallMesh?: number
}

/**
 * Who is there. Peers that meet tell each other whom they know; news of a join is passed on while
 * the mesh is small. A peer whose last connection closes is dialled once more and, if that fails,
 * has left, which is told to the others, who find out for themselves before they believe it.
 */
export class Membership implements LinkListener {
  readonly #contacts: Contacts
  readonly #init: MembershipInit
  readonly #goodbyes = new WeakMap<Link, boolean>()
  readonly #news = new Map<PeerId, Introduction>()
  readonly #doubts: Doubts
  #newsTimer: NodeJS.Timeout | undefined
  #compareTimer: NodeJS.Timeout | undefined
  #comparedHash = 0
  #degreeTimer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(init: MembershipInit) {
    this.#init = init
    this.#contacts = init.contacts
    this.#doubts = new Doubts({
      connect: (peer) => this.#links.connect(peer),
      isWorthIt: (peer) => !this.#isStopped && this.#contacts.has(peer),
      onDead: (peer, death) => this.remove(peer, death),
    })
    this.#compareLater(COMPARE_MS)
  }

  opened(link: Link): void {
    const isNew = this.#contacts.meet(link.peer, this.#contacts.addressesOf(link.peer))
    link.tell(FRAME.contacts, 0, (writer) => writeIntroductions(writer, this.#introduction(link)))
    if (isNew) this.#init.log('info', `peer ${link.peer} joined`, { peer: link.peer })
    this.#checkDegree()
  }

  closed(link: Link, error: PotluckError): void {
    if (this.#isStopped) return
    const goodbye = this.#goodbyes.get(link)
    // An idle link was closed on purpose, by a peer that is alive.
    if (goodbye === false) return
    // A connection that ends by itself, though a ping was unanswered: its host may say that it is gone.
    if (goodbye === true || link.silence.isDeath || error.code === 'REFUSED') {
      const isGone = goodbye === true
      this.remove(link.peer, { why: isGone ? 'it said goodbye' : error.message, isGone })
      return
    }
    this.#doubts.add(link.peer)
  }

  contacts(link: Link, body: Buffer): void {
    for (const introduction of decodeIntroductions(body)) this.hear(link, introduction)
    this.#checkDegree()
  }

  departed(link: Link, body: Buffer): void {
    for (const peer of decodePeers(body)) {
      if (peer === this.#contacts.self.peer) this.#contradict(link)
      else if (this.#contacts.has(peer) && this.#links.get(peer) === undefined)
        this.#doubts.add(peer)
    }
  }

  /** Someone compares contacts with us: tell ours if they differ. */
  digest(link: Link, body: Buffer): void {
    if (body.length !== 8) throw malformed('a digest of another length')
    const { size, hash } = this.#contacts
    if (body.readUInt32LE(0) === size && body.readUInt32LE(4) === hash) return
    link.tell(FRAME.contacts, 0, (writer) => writeIntroductions(writer, this.#introduction(link)))
  }

  find(_link: Link, body: Buffer): Uint8Array {
    const key = body.toString('latin1')
    return encodeIntroductions(this.#contacts.closest(key, CLOSEST).map(introduce))
  }

  goodbye(link: Link, leaves: boolean): void {
    this.#goodbyes.set(link, leaves)
    link.close(new PotluckError('UNREACHABLE', `${link.peer} said goodbye`))
  }

  /** A dial failed or a link died: the peer is no contact any more. */
  remove(peer: PeerId, { why, isGone }: Death): void {
    if (this.#isStopped || this.#links.get(peer) !== undefined) return
    if (!this.#contacts.depart(peer, isGone)) return
    this.#news.delete(peer)
    this.#init.log('info', `peer ${peer} left: ${why}`, { peer })
    for (const link of this.#links.all()) {
      link.tell(FRAME.departed, 0, (writer) => writePeers(writer, [peer]))
    }
    this.#checkDegree()
  }

  /** kad-dht found a peer. */
  found(peer: PeerId, addresses: readonly string[]): void {
    if (this.#contacts.hear(peer, addresses)) this.#checkDegree()
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of [this.#newsTimer, this.#compareTimer, this.#degreeTimer])
      clearTimeout(timer)
    for (const link of this.#links.all()) link.tell(FRAME.goodbye, 1)
  }

  get #isLarge(): boolean {
    return this.#contacts.size > (this.#init.smallMesh ?? SMALL_MESH)
  }

  get #links(): Links {
    return this.#init.links()
  }

  /** A peer told of a contact, or of itself. */
  hear(link: Link, introduction: Introduction): void {
    const { peer, addresses } = introduction
    if (peer === this.#contacts.self.peer) return
    if (peer === link.peer) {
      this.#contacts.meet(peer, addresses)
      this.#tellNews(introduction)
    } else if (this.#contacts.hear(peer, addresses)) this.#tellNews(introduction)
  }

  /** Ourselves first, then as many others as may be told. */
  #introduction(link: Link): Introduction[] {
    const { self } = this.#contacts
    const own = { peer: self.peer, addresses: this.#init.ownAddresses() }
    const count = this.#init.toldAtMeeting ?? TOLD_AT_MEETING
    return [own, ...introductionsFor(link.peer, this.#contacts, count)]
  }

  #tellNews(introduction: Introduction): void {
    if (this.#isLarge) return
    this.#news.set(introduction.peer, introduction)
    this.#newsTimer ??= setTimeout(() => this.#sendNews(), NEWS_DELAY_MS)
  }

  #sendNews(): void {
    this.#newsTimer = undefined
    const news = [...this.#news.values()]
    this.#news.clear()
    for (const link of some([...this.#links.all()], TOLD_OF_NEWS)) {
      const others = news.filter(({ peer }) => peer !== link.peer)
      if (others.length === 0) continue
      link.tell(FRAME.contacts, 0, (writer) => writeIntroductions(writer, others))
    }
  }

  /** News may be lost, or come before there was a link to pass it on: so compare, now and then. */
  #compareLater(delayMs: number): void {
    this.#compareTimer = setTimeout(
      () => {
        const { size, hash } = this.#contacts
        const isQuiet = hash === this.#comparedHash || this.#isLarge
        this.#comparedHash = hash
        for (const link of some([...this.#links.all()], 1)) {
          link.tell(FRAME.digest, 0, (writer) => {
            writer.u32(size)
            writer.u32(hash)
          })
        }
        this.#compareLater(isQuiet ? COMPARE_QUIET_MS : COMPARE_MS)
      },
      delayMs * (0.5 + Math.random()),
    )
  }

  /** Someone believes us dead. */
  #contradict(link: Link): void {
    const self = { peer: this.#contacts.self.peer, addresses: this.#init.ownAddresses() }
    link.tell(FRAME.contacts, 0, (writer) => writeIntroductions(writer, [self]))
  }

  /** Connects to a few more peers if this node has too few links. */
  #checkDegree(): void {
    if (this.#isStopped || this.#degreeTimer !== undefined) return
    this.#degreeTimer = setTimeout(
      () => {
        this.#degreeTimer = undefined
        this.#raiseDegree()
      },
      DEGREE_DELAY_MS * (1 + Math.random()),
    )
  }

  #raiseDegree(): void {
    const lacking = MIN_LINKS - this.#links.size
    if (lacking <= 0) return
    const strangers = this.#contacts.all().filter(({ peer }) => this.#links.get(peer) === undefined)
    for (const { peer } of some(strangers, lacking)) this.#doubts.add(peer)
  }
}
