import test from 'ava'
import { commonPrefixBits } from '../../../../src/placement/distance.ts'
import { Contacts, positionOf } from '../../../../peers/net/members/contacts.ts'
import { introductionsFor } from '../../../../peers/net/members/introductions.ts'
import { freshPeerId } from './crowd.ts'

const [self, newcomer] = [freshPeerId(), freshPeerId()]
const contacts = new Contacts(self)
for (let i = 0; i < 600; i++) contacts.meet(freshPeerId(), [])
const place = positionOf(newcomer)
const bucketOf = (peer: string) => commonPrefixBits(place, positionOf(peer))

function countsOf(peers: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const peer of peers) counts.set(bucketOf(peer), (counts.get(bucketOf(peer)) ?? 0) + 1)
  return counts
}

test('a newcomer is told of all its neighbours, and of some from everywhere', (t) => {
  const told = introductionsFor(newcomer, contacts, 128).map(({ peer }) => peer)
  t.is(new Set(told).size, 128)
  const [known, counts] = [countsOf(contacts.all().map(({ peer }) => peer)), countsOf(told)]
  for (const [bucket, count] of known) {
    t.true((counts.get(bucket) ?? 0) >= Math.min(16, count), `bucket ${bucket}`)
  }
})

test('where there are few, all are told, but not the newcomer itself', (t) => {
  const few = new Contacts(self)
  for (const peer of [newcomer, freshPeerId(), freshPeerId()]) few.meet(peer, ['/ip4/10.0.0.1'])
  const told = introductionsFor(newcomer, few, 128)
  t.is(told.length, 2)
  t.false(told.some(({ peer }) => peer === newcomer))
})
