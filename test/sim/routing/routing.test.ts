import test from 'ava'
import { positionOf } from '../../../src/block/key.ts'
import { commonPrefixBits } from '../../../src/placement/distance.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { DEFAULT_ROUTING, SimRouting } from '../../../sim/routing/routing.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

function makeRouting(nodes: number, seed = 1) {
  const clock = new VirtualClock()
  const cut = new Set<string>()
  const routing = new SimRouting({
    clock,
    random: new SeededRandom(seed),
    model: DEFAULT_ROUTING,
    isReachable: (from, to) => cut.has(from) === cut.has(to),
  })
  const peers = Array.from({ length: nodes }, (_, i) => `n${i}`)
  routing.found(peers)
  return { clock, routing, peers, cut }
}

const known = (routing: SimRouting, peer: string) =>
  routing
    .port(peer)
    .contacts()
    .map((contact) => contact.peer)
    .toSorted()

test('in a small world everybody knows everybody', (t) => {
  const { routing, peers } = makeRouting(30)
  for (const peer of peers) {
    t.deepEqual(known(routing, peer), peers.filter((other) => other !== peer).toSorted())
  }
})

test('in a large one every bucket is full, and far ones are split as far as kad-dht does', (t) => {
  const { bucketSize, splitBits } = DEFAULT_ROUTING
  const { routing, peers } = makeRouting(2_000)
  const self = positionOf('n7')
  const buckets = new Map<string, { known: number; living: number }>()
  const count = (peer: string, kind: 'known' | 'living') => {
    const position = positionOf(peer)
    const near = commonPrefixBits(self, position)
    const far = position.charCodeAt(0) >> (8 - splitBits)
    const name = near < splitBits ? `far ${far}` : `near ${near}`
    const bucket = buckets.get(name) ?? { known: 0, living: 0 }
    bucket[kind] += 1
    buckets.set(name, bucket)
  }
  for (const peer of peers) if (peer !== 'n7') count(peer, 'living')
  for (const peer of known(routing, 'n7')) count(peer, 'known')
  for (const [name, { known: held, living }] of buckets) {
    // A bucket that holds all of a shorter prefix is not split, nor is any of it left out.
    t.is(held, Math.min(bucketSize, living), name)
  }
})

test('the same seed draws the same tables, another one others', (t) => {
  const tables = (seed: number) => known(makeRouting(500, seed).routing, 'n3')
  t.deepEqual(tables(1), tables(1))
  t.notDeepEqual(tables(1), tables(2))
})

test('a join is told to all, soon, and a leave too', async (t) => {
  const { clock, routing, peers } = makeRouting(10)
  const heard: string[] = []
  routing.port('n0').subscribe({
    joined: ({ peer }) => heard.push(`${peer} joined`),
    left: ({ peer }) => heard.push(`${peer} left`),
  })
  routing.join('late')
  t.deepEqual(known(routing, 'late'), peers)
  t.deepEqual(heard, [])
  await clock.run(DEFAULT_ROUTING.joinMs)
  for (const peer of peers) t.true(known(routing, peer).includes('late'))
  routing.leave('n5')
  await clock.run(DEFAULT_ROUTING.leaveMs)
  t.deepEqual(heard, ['late joined', 'n5 left'])
  t.false(known(routing, 'late').includes('n5'))
})

test('a lost bucket member is replaced by a living one', async (t) => {
  const { clock, routing } = makeRouting(1_000)
  const before = known(routing, 'n0')
  const self = positionOf('n0')
  const lost = before.find((peer) => commonPrefixBits(self, positionOf(peer)) === 0) as string
  routing.leave(lost)
  await clock.run(DEFAULT_ROUTING.leaveMs)
  const after = known(routing, 'n0')
  t.is(after.length, before.length)
  t.false(after.includes(lost))
})

test('who does not answer is dropped at once, and met again if alive', async (t) => {
  const { clock, routing } = makeRouting(10)
  routing.noticed('n0', 'n1')
  t.false(known(routing, 'n0').includes('n1'))
  t.true(known(routing, 'n2').includes('n1'))
  await clock.run(DEFAULT_ROUTING.silenceMs)
  t.true(known(routing, 'n0').includes('n1'))
})

test('sides of a partition lose sight of each other, and meet again', async (t) => {
  const { clock, routing, peers, cut } = makeRouting(10)
  for (const peer of ['n0', 'n1', 'n2']) cut.add(peer)
  routing.disturbed()
  await clock.run(2 * DEFAULT_ROUTING.silenceMs)
  t.deepEqual(known(routing, 'n0'), ['n1', 'n2'])
  cut.clear()
  routing.disturbed()
  await clock.run(2 * DEFAULT_ROUTING.silenceMs)
  t.deepEqual(known(routing, 'n0'), peers.slice(1))
})

test('a lookup finds the closest of all, self left out', async (t) => {
  const { clock, routing } = makeRouting(1_000)
  const found = await clock.runUntil(routing.port('n0').lookup(positionOf('n0')))
  t.is(found.length, 19)
  const bits = found.map((contact) => commonPrefixBits(positionOf('n0'), contact.position))
  t.true(Math.min(...bits) >= 4)
})
