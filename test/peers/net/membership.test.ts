import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import test from 'ava'
import type { StartedPeer } from '../../../peers/net/peer.ts'
import type { Gossip } from '../../../src/ports/messages.ts'
import { until } from '../../until.ts'
import { aMesh, aPeer, type LogLine } from './mesh.ts'

test('eight peers that join one all know each other', async (t) => {
  const peers = await aMesh(t, 8)
  await until(() => peers.every((peer) => peer.routing.contacts().length === 7))
  const everyone = peers.map(({ peerId }) => peerId).sort()
  for (const peer of peers) {
    const known = peer.routing.contacts().map((contact) => contact.peer)
    t.deepEqual([...known, peer.peerId].sort(), everyone)
  }
})

test("a peer's position is the hash of its id's bytes", async (t) => {
  const peer = await aPeer(t)
  const { bytes } = peerIdFromString(peer.peerId).toMultihash()
  const position = createHash('sha256').update(bytes).digest().toString('latin1')
  t.deepEqual(peer.routing.self, { peer: peer.peerId, position })
})

test('joins are told, and a lookup finds the closest peers', async (t) => {
  const first = await aPeer(t)
  const joined: string[] = []
  first.routing.subscribe({ joined: (contact) => joined.push(contact.peer), left: () => undefined })
  const others = [await aPeer(t), await aPeer(t), await aPeer(t)]
  for (const other of others) await other.dial(first.addresses())
  await until(() => joined.length === 3)
  t.deepEqual(joined.sort(), others.map(({ peerId }) => peerId).sort())
  const { position } = first.routing.self
  const found = (await others[0]?.routing.lookup(position)) ?? []
  t.is(found[0]?.peer, first.peerId)
})

test('rumors reach all of six peers once, and not the one that told them', async (t) => {
  const peers = await aMesh(t, 6)
  const tellers = new Set<string>()
  const heard = peers.map((peer) => {
    const numbers: number[] = []
    peer.rumors.subscribe((gossip, from) => {
      tellers.add(from)
      numbers.push(numberOf(gossip))
    })
    return numbers
  })
  const publisher = peers[3] as StartedPeer
  const others = heard.filter((_, i) => i !== 3)
  // Gossip promises nothing to those who join while it is told, so first let everyone be in.
  const hello = { publisher: publisher.peerId, epoch: 1, number: 0 }
  while (!others.every(({ length }) => length > 0)) {
    publisher.rumors.publish({ type: 'heartbeat', head: hello })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const invalidations = [{ volume: 'v', inode: '*', stamp: 1 }]
  const told = Array.from({ length: 20 }, (_, i) => i + 1)
  for (const number of told) {
    publisher.rumors.publish({ type: 'rumor', rumor: { ...hello, number, invalidations } })
  }
  const rumors = (numbers: number[]): number[] => numbers.filter((number) => number > 0)
  await until(() => others.every((numbers) => rumors(numbers).length >= 20))
  for (const numbers of others)
    t.deepEqual(
      rumors(numbers).sort((a, b) => a - b),
      told,
    )
  t.deepEqual(heard[3], [])
  t.deepEqual([...tellers], [publisher.peerId])
})

test('the same heartbeat is heard each time it is sent', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  const heard: Gossip[] = []
  a.rumors.subscribe((one) => heard.push(one))
  // Published before anyone listens: it waits.
  const gossip: Gossip = { type: 'heartbeat', head: { publisher: b.peerId, epoch: 1, number: 0 } }
  b.rumors.publish(gossip)
  await a.dial(b.addresses())
  await until(() => heard.length === 1)
  b.rumors.publish(gossip)
  await until(() => heard.length === 2)
  t.deepEqual(heard, [gossip, gossip])
})

test('a peer with another mesh key is refused, on both ends, and disturbs nobody', async (t) => {
  const [ours, theirs]: [LogLine[], LogLine[]] = [[], []]
  const [a, b] = [await aPeer(t, { lines: ours }), await aPeer(t)]
  const stranger = await aPeer(t, { meshKey: new Uint8Array(32).fill(1), lines: theirs })
  for (const peer of [a, b, stranger]) peer.network.handle(async () => ({ type: 'done' }))
  let overheard = 0
  stranger.rumors.subscribe(() => overheard++)
  await a.dial(b.addresses())
  await t.throwsAsync(stranger.dial(a.addresses()), { code: 'REFUSED' })
  await t.throwsAsync(a.dial(stranger.addresses()), { code: 'REFUSED' })
  await until(() => (a.counters()['net_refused_peers_total'] ?? 0) >= 1)
  t.true(ours.some(({ message }) => /another mesh key/.test(message)))
  t.true(theirs.some(({ message }) => /another mesh key/.test(message)))
  await until(() => stranger.connectedPeers().length === 0)
  t.deepEqual(stranger.routing.contacts(), [])
  t.deepEqual(
    a.routing.contacts().map(({ peer }) => peer),
    [b.peerId],
  )
  t.deepEqual(await a.network.request(b.peerId, { type: 'heads' }), { type: 'done' })
  const heard = Promise.withResolvers<void>()
  b.rumors.subscribe(() => heard.resolve())
  a.rumors.publish({ type: 'heartbeat', head: { publisher: a.peerId, epoch: 1, number: 1 } })
  await heard.promise
  t.is(overheard, 0)
})

test('a peer of another mesh with the same key is refused', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t, { mesh: 'other' })]
  await t.throwsAsync(a.dial(b.addresses()), { code: 'REFUSED', message: /mesh/ })
})

test('a peer does not join itself', async (t) => {
  const a = await aPeer(t)
  const address = a.addresses()[0]?.replace(/\/p2p\/.*/, '') ?? ''
  await t.throwsAsync(a.dial([address]))
  t.deepEqual(a.routing.contacts(), [])
})

function numberOf(gossip: Gossip): number {
  if ('publisher' in gossip) return 0
  return gossip.type === 'rumor' ? gossip.rumor.number : gossip.head.number
}
