// Whom a peer is told of when it is met. Uniformly chosen contacts would hardly ever be its neighbours,
// and who does not know its neighbours takes itself for the home of their keys. So it is told, of each
// part of the key space that lies equally far from it, as many as of every other: Kademlia's buckets,
// with itself in the middle. Near parts have few peers, and are told whole.
import type { Key, PeerId } from '../../../src/ports/messages.ts'
import { commonPrefixBits } from '../../../src/placement/distance.ts'
import type { Introduction } from './contact-codec.ts'
import { type Contacts, type KnownContact, positionOf } from './contacts.ts'
import { shuffled } from './some.ts'

/** Of each bucket, before there is more of any; kad-dht's k. */
const OF_A_BUCKET = 16

export function introduce({ contact, addresses }: KnownContact): Introduction {
  return { peer: contact.peer, addresses }
}

/** At most `count` of the contacts, for this peer. */
export function introductionsFor(peer: PeerId, contacts: Contacts, count: number): Introduction[] {
  const all = [...contacts.known()].filter(({ contact }) => contact.peer !== peer)
  const told = all.length <= count ? all : balanced(positionOf(peer), all).slice(0, count)
  return told.map(introduce)
}

/** All of them, those first that are among few of their bucket. */
function balanced(position: Key, all: KnownContact[]): KnownContact[] {
  const told = new Map<number, number>()
  const [first, rest]: [KnownContact[], KnownContact[]] = [[], []]
  for (const one of shuffled(all)) {
    const bucket = commonPrefixBits(position, one.contact.position)
    const before = told.get(bucket) ?? 0
    told.set(bucket, before + 1)
    if (before < OF_A_BUCKET) first.push(one)
    else rest.push(one)
  }
  return [...first, ...rest]
}
