import test from 'ava'
import fc from 'fast-check'
import { positionOf } from '../../../src/block/key.ts'
import { commonPrefixBits, compareDistance } from '../../../src/placement/distance.ts'
import { PeerTable } from '../../../src/placement/peer-table.ts'
import type { Key } from '../../../src/ports/messages.ts'
import type { Contact } from '../../../src/ports/routing.ts'

const contactOf = (name: string): Contact => ({ peer: name, position: positionOf(name) })
const meshOf = (count: number, seed: string): Contact[] =>
  Array.from({ length: count }, (_, i) => contactOf(`${seed}-${i}`))

function tablesOf(contacts: readonly Contact[]): Map<string, PeerTable> {
  const tables = contacts.map((self) => new PeerTable(self))
  for (const table of tables) for (const contact of contacts) table.add(contact)
  return new Map(tables.map((table) => [table.self.peer, table]))
}

const byDistance = (key: Key, contacts: readonly Contact[]): Contact[] =>
  contacts.toSorted((a, b) => compareDistance(key, a.position, b.position))

/** The peers that a want passes, the asker first, the home last. */
function walk(tables: Map<string, PeerTable>, from: PeerTable, key: Key): string[] {
  const path = [from.self.peer]
  for (let hop = from.nextHop(key); hop !== undefined;) {
    path.push(hop.peer)
    hop = tables.get(hop.peer)?.nextHop(key)
  }
  return path
}

test('a node alone is home of everything', (t) => {
  const table = new PeerTable(contactOf('alone'))
  table.add(contactOf('alone'))
  t.is(table.size, 0)
  t.true(table.isHome(positionOf('any')))
  t.deepEqual(table.closest(positionOf('any'), 5), [])
})

test('peers come once, and go', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20))), (steps) => {
      const table = new PeerTable(contactOf('self'))
      const expected = new Set<number>()
      for (const [isJoin, peer] of steps) {
        if (isJoin) table.add(contactOf(`p${peer}`))
        else table.remove(contactOf(`p${peer}`))
        if (isJoin) expected.add(peer)
        else expected.delete(peer)
        t.is(table.size, expected.size)
      }
      for (let peer = 0; peer <= 20; peer++) {
        t.is(table.has(contactOf(`p${peer}`)), expected.has(peer))
      }
    }),
  )
})

test('the closest peers are what brute force says', (t) => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(70), fc.string(), (size, count, name) => {
      const contacts = meshOf(size, 'c')
      const table = new PeerTable(contactOf('self'))
      for (const contact of contacts) table.add(contact)
      const key = positionOf(name)
      t.deepEqual(table.closest(key, count), byDistance(key, contacts).slice(0, count))
    }),
    { numRuns: 60 },
  )
})

test('the next hop is strictly closer, untried, and there as long as such a peer is', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.string(), (size, name) => {
      const key = positionOf(name)
      const self = contactOf('self')
      const contacts = meshOf(size, 'n')
      const table = new PeerTable(self)
      for (const contact of contacts) table.add(contact)
      const tried = new Set<string>()
      for (let hop = table.nextHop(key, tried); hop !== undefined;) {
        t.true(compareDistance(key, hop.position, self.position) < 0)
        t.false(tried.has(hop.peer))
        tried.add(hop.peer)
        hop = table.nextHop(key, tried)
      }
      const closer = contacts.filter(
        ({ position }) => compareDistance(key, position, self.position) < 0,
      )
      t.deepEqual([...tried].sort(), closer.map(({ peer }) => peer).sort())
    }),
    { numRuns: 60 },
  )
})

test('every walk ends at the true home, in about half as many hops as the mesh has bits', (t) => {
  const size = 256
  const contacts = meshOf(size, 'walk')
  const tables = tablesOf(contacts)
  for (let i = 0; i < 50; i++) {
    const key = positionOf(`key ${i}`)
    const home = byDistance(key, contacts)[0]?.peer
    for (const table of tables.values()) {
      const path = walk(tables, table, key)
      t.is(path.at(-1), home)
      t.true(path.length - 1 <= Math.log2(size) / 2 + 5, path.join(' '))
    }
  }
})

test('peers with different beliefs of the membership still never walk in circles', (t) => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), (seed, name) => {
      const contacts = meshOf(40, 'belief')
      const tables = new Map<string, PeerTable>()
      contacts.forEach((self, i) => {
        const table = new PeerTable(self)
        contacts.forEach((contact, j) => {
          if ((seed ^ (i * 7919 + j * 104_729)) % 3 !== 0) table.add(contact)
        })
        tables.set(self.peer, table)
      })
      const key = positionOf(name)
      for (const table of tables.values()) {
        const path = walk(tables, table, key)
        t.is(new Set(path).size, path.length)
      }
    }),
    { numRuns: 30 },
  )
})

test('at 512 nodes nobody feeds many: the children of a key spread over the mesh', (t) => {
  const contacts = meshOf(512, 'spread')
  const tables = tablesOf(contacts)
  const worst: number[] = []
  const homes: number[] = []
  for (let i = 0; i < 40; i++) {
    const key = positionOf(`spread key ${i}`)
    const children = new Map<string, number>()
    for (const table of tables.values()) {
      const hop = table.nextHop(key)?.peer
      if (hop !== undefined) children.set(hop, (children.get(hop) ?? 0) + 1)
    }
    worst.push(Math.max(...children.values()))
    homes.push(children.get(byDistance(key, contacts)[0]?.peer as string) ?? 0)
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  // Each level of the tree, of about log2 N, sends the home two askers: 18. Were everyone to ask it,
  // both would be 511; with the closest of k = 20 buckets about 100.
  t.true(Math.max(...worst) <= 40, `worst ${Math.max(...worst)}`)
  t.true(mean(worst) <= 25, `mean of the worst ${mean(worst)}`)
  t.true(mean(homes) <= 20, `mean of the homes ${mean(homes)}`)
})

test('a hop gains two bits of prefix wherever the mesh is dense enough', (t) => {
  const contacts = meshOf(512, 'gain')
  const [self] = contacts as [Contact]
  const table = new PeerTable(self)
  for (const contact of contacts) table.add(contact)
  let gains = 0
  for (let i = 0; i < 200; i++) {
    const key = positionOf(`gain ${i}`)
    const own = commonPrefixBits(self.position, key)
    const hop = table.nextHop(key)
    if (own > 5 || hop === undefined) continue
    const gain = commonPrefixBits(hop.position, key) - own
    t.true(gain >= 2)
    gains += 1
  }
  t.true(gains > 150)
})

test('of a few of one prefix the one with least to do is asked, and the first where none has any', (t) => {
  const contacts = meshOf(512, 'load')
  const [self] = contacts as [Contact]
  const table = new PeerTable(self)
  for (const contact of contacts) table.add(contact)
  const key = positionOf('load key')
  const loads = new Map<string, number>()
  const asked: string[] = []
  for (let i = 0; i < 40; i++) {
    const hop = table.nextHop(key, undefined, { loadOf: (peer) => loads.get(peer) ?? 0 })
    t.truthy(hop)
    const own = commonPrefixBits(self.position, key)
    t.true(commonPrefixBits(hop!.position, key) >= own + 2)
    loads.set(hop!.peer, (loads.get(hop!.peer) ?? 0) + 1)
    asked.push(hop!.peer)
  }
  t.deepEqual([...loads.values()], [10, 10, 10, 10], 'four share it evenly')
  t.is(table.nextHop(key)?.peer, asked[0])
  t.is(table.nextHop(key, undefined, { loadOf: () => 0 })?.peer, asked[0])
  t.is(table.nextHop(key, new Set([asked[0]!]), { loadOf: () => 0 })?.peer, asked[1])
})

test('of a key with many copies one of those who keep them is asked, by each node another one', (t) => {
  const contacts = meshOf(256, 'copies')
  const key = positionOf('hot')
  const byDistance = [...contacts].sort((a, b) => compareDistance(key, a.position, b.position))
  const keepers = byDistance.slice(0, 16).map(({ peer }) => peer)
  const asked = new Map<string, number>()
  for (const self of contacts) {
    const table = new PeerTable(self)
    for (const contact of contacts) table.add(contact)
    const hop = table.nextHop(key, undefined, { copies: 16 })
    t.true(hop === undefined || compareDistance(key, hop.position, self.position) < 0)
    if (keepers.includes(self.peer)) t.deepEqual(hop, table.nextHop(key), 'as ever')
    else asked.set(hop?.peer ?? 'nobody', (asked.get(hop?.peer ?? 'nobody') ?? 0) + 1)
    t.deepEqual(table.nextHop(key, undefined, { copies: 2 }), table.nextHop(key), 'few copies')
  }
  t.deepEqual([...asked.keys()].sort(), keepers.sort())
  t.true(Math.max(...asked.values()) <= 2.5 * (240 / 16), `${Math.max(...asked.values())} by one`)
})
