// Hundreds of memberships in one process, without libp2p: links that carry their frames, encoded as real
// ones are, from one to the other in a turn of the event loop. So how a large mesh comes to know
// itself can be seen at the size at which that matters, with limits scaled down.
import { generateKeyPairSync } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { PotluckError } from '../../../../src/base/errors.ts'
import type { Key, PeerId } from '../../../../src/ports/messages.ts'
import { PeerTable } from '../../../../src/placement/peer-table.ts'
import { compareDistance } from '../../../../src/placement/distance.ts'
import { ByteWriter } from '../../../../src/wire/writer.ts'
import { FRAME } from '../../../../peers/net/link/frame.ts'
import type { Link } from '../../../../peers/net/link/link.ts'
import type { Links } from '../../../../peers/net/link/links.ts'
import { Contacts } from '../../../../peers/net/members/contacts.ts'
import { Membership } from '../../../../peers/net/members/membership.ts'
import { Neighbourhood } from '../../../../peers/net/members/neighbourhood.ts'

type Write = (writer: ByteWriter) => void

/** Of a real mesh, an eighth. */
const SCALED = { toldAtMeeting: 32, smallMesh: 32 }

export class Member {
  readonly contacts: Contacts
  readonly membership: Membership
  readonly neighbourhood: Neighbourhood | undefined
  readonly open = new Map<PeerId, CrowdLink>()
  readonly #crowd: Crowd
  asks = 0

  constructor(crowd: Crowd, peer: PeerId, looksAround: boolean) {
    this.#crowd = crowd
    this.contacts = new Contacts(peer)
    const links = this.#links() as unknown as Links
    this.membership = new Membership({
      contacts: this.contacts,
      links: () => links,
      ownAddresses: () => ['/ip4/10.0.0.1/tcp/4100'],
      log: () => undefined,
      ...SCALED,
    })
    const { contacts, membership } = this
    this.neighbourhood = looksAround
      ? new Neighbourhood({ contacts, links, membership, smallMesh: SCALED.smallMesh })
      : undefined
  }

  get peer(): PeerId {
    return this.contacts.self.peer
  }

  connect(to: PeerId): CrowdLink {
    const known = this.open.get(to)
    if (known !== undefined) return known
    const other = this.#crowd.member(to)
    const [mine, theirs] = [new CrowdLink(this, other), new CrowdLink(other, this)]
    this.open.set(to, mine)
    other.open.set(this.peer, theirs)
    this.membership.opened(mine as unknown as Link)
    other.membership.opened(theirs as unknown as Link)
    return mine
  }

  /** As this node's reads would find it. */
  table(): PeerTable {
    const table = new PeerTable(this.contacts.self)
    for (const contact of this.contacts.all()) table.add(contact)
    return table
  }

  stop(): void {
    this.neighbourhood?.stop()
    this.membership.stop()
  }

  #links() {
    const { open } = this
    return {
      get: (peer: PeerId) => open.get(peer),
      all: () => open.values(),
      get size() {
        return open.size
      },
      connect: async (peer: PeerId) => this.connect(peer),
    }
  }
}

class CrowdLink {
  readonly peer: PeerId
  readonly silence = { ticks: 0, pinged: false }
  readonly #from: Member
  readonly #to: Member

  constructor(from: Member, to: Member) {
    this.peer = to.peer
    this.#from = from
    this.#to = to
  }

  tell(type: number, _id: number, write?: Write): void {
    const body = bodyOf(write)
    setImmediate(() => {
      const { membership, open } = this.#to
      const link = open.get(this.#from.peer) as unknown as Link
      if (type === FRAME.contacts) membership.contacts(link, body)
      else if (type === FRAME.digest) membership.digest(link, body)
    })
  }

  async ask<T>(_type: number, decode: (bytes: Uint8Array) => T, write: Write): Promise<T> {
    this.#from.asks += 1
    const body = bodyOf(write)
    await new Promise((resolve) => setImmediate(resolve))
    const link = this.#to.open.get(this.#from.peer) as unknown as Link
    return decode(Buffer.from(this.#to.membership.find(link, body)))
  }
}

export class Crowd {
  readonly members: Member[] = []
  readonly #byPeer = new Map<PeerId, Member>()

  /** Peers that joined one after another, each through a few of those before it. */
  static join(t: ExecutionContext, count: number, looksAround = true): Crowd {
    const crowd = new Crowd()
    t.teardown(() => crowd.members.forEach((member) => member.stop()))
    for (let i = 0; i < count; i++) {
      const member = new Member(crowd, freshPeerId(), looksAround)
      crowd.members.push(member)
      crowd.#byPeer.set(member.peer, member)
      const doors = new Set([0, 1, 2].map(() => Math.floor(Math.random() * i)))
      for (const door of doors) if (door < i) member.connect(crowd.members[door]!.peer)
    }
    return crowd
  }

  member(peer: PeerId): Member {
    const member = this.#byPeer.get(peer)
    if (member === undefined) throw new PotluckError('UNREACHABLE', peer)
    return member
  }

  /** Of these keys, how many peers on average take themselves for the home; 1 is right. */
  homesAKey(keys: readonly Key[]): number {
    const tables = this.members.map((member) => member.table())
    let homes = 0
    for (const key of keys) homes += tables.filter((table) => table.isHome(key)).length
    return homes / keys.length
  }

  /** The share of the `count` peers nearest to each that it knows, on average. */
  nearKnown(count: number): number {
    const all = this.members.map(({ contacts }) => contacts.self)
    let known = 0
    for (const { contacts } of this.members) {
      const { position, peer } = contacts.self
      const nearest = all
        .filter((other) => other.peer !== peer)
        .sort((a, b) => compareDistance(position, a.position, b.position))
        .slice(0, count)
      known += nearest.filter((other) => contacts.has(other.peer)).length / count
    }
    return known / all.length
  }
}

function bodyOf(write: Write | undefined): Buffer {
  const writer = new ByteWriter()
  write?.(writer)
  return Buffer.from(writer.copy())
}

export function freshPeerId(): PeerId {
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const key = publicKeyFromRaw(Buffer.from(x as string, 'base64url'))
  return peerIdFromPublicKey(key).toString()
}
