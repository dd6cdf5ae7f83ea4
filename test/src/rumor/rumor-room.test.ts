import test from 'ava'
import fc from 'fast-check'
import { stampAt } from '../../../src/block/stamp.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { START_MS } from '../../../sim/engine/virtual-clock.ts'
import { type Member, RoomMesh, VOLUME } from './room-mesh.ts'

function meshOf(peers: readonly string[], seed: number | string = 1): RoomMesh {
  const mesh = new RoomMesh(seed)
  for (const peer of peers) mesh.join(peer)
  return mesh
}

const member = (mesh: RoomMesh, peer: string) => mesh.members.get(peer) as Member
const forgotten = (mesh: RoomMesh, peer: string) =>
  member(mesh, peer).counters.get('volume_floors_raised_total')

test('a change is known to all at once, and everywhere as the same stamp', async (t) => {
  const mesh = meshOf(['a', 'b', 'c'])
  const stamp = mesh.change('a', '7')
  await mesh.clock.run(10)
  t.deepEqual(mesh.floorsOf('7'), [stamp, stamp, stamp])
  t.deepEqual(mesh.floorsOf('8'), [0, 0, 0])
  mesh.stop()
})

test('changes of one instant travel in one rumor, many in several of bounded size', async (t) => {
  const mesh = meshOf(['a', 'b'])
  for (let i = 0; i < 100; i++) mesh.change('a', String(i))
  await mesh.clock.run(10)
  t.is(member(mesh, 'a').counters.get('rumors_published_total'), 1)
  const long = `1@${'deep/'.repeat(800)}x`
  const sizes: number[] = []
  mesh.fate = (gossip) => {
    if (gossip.type === 'rumor') sizes.push(JSON.stringify(gossip).length)
    return [1]
  }
  for (let i = 0; i < 1000; i++) mesh.change('a', `${i}${long}`)
  await mesh.clock.run(10)
  t.true(sizes.length > 4)
  t.true(Math.max(...sizes) < 512 * 1024)
  t.true(mesh.floorsOf(`999${long}`).every((floor) => floor > 0))
  mesh.stop()
})

test('lost, repeated and reordered rumors: the floors end up equal, and nothing is forgotten', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 80 }), async (seed, lossPercent) => {
      const mesh = meshOf(['a', 'b', 'c', 'd'], seed)
      const draws = new SeededRandom(seed)
      mesh.fate = () => {
        if (draws.next() * 100 < lossPercent) return []
        const delay = () => draws.next() * 300
        return draws.next() < 0.2 ? [delay(), delay()] : [delay()]
      }
      const newest = new Map<string, number>()
      for (let i = 0; i < 60; i++) {
        const peer = 'abcd'[Math.floor(draws.next() * 4)] as string
        const inode = String(Math.floor(draws.next() * 10))
        newest.set(inode, mesh.change(peer, inode))
        await mesh.clock.run(draws.next() * 50)
      }
      await mesh.clock.run(120_000)
      for (const [inode, stamp] of newest) {
        for (const floor of mesh.floorsOf(inode)) t.true(floor >= stamp)
        t.is(new Set(mesh.floorsOf(inode)).size, 1)
      }
      for (const peer of mesh.members.keys()) t.is(forgotten(mesh, peer), 0)
      mesh.stop()
    }),
    { numRuns: 25 },
  )
})

test('a last rumor that is lost is noticed by the heartbeat', async (t) => {
  const mesh = meshOf(['a', 'b'])
  mesh.fate = (gossip) => (gossip.type === 'rumor' ? [] : [1])
  const stamp = mesh.change('a', '1')
  await mesh.clock.run(1500)
  t.deepEqual(mesh.floorsOf('1'), [stamp, stamp])
  mesh.stop()
})

test('what a dead publisher told is had from anyone who heard it', async (t) => {
  const mesh = meshOf(['a', 'b', 'c'])
  mesh.fate = (_, to) => (to === 'c' ? [] : [1])
  const stamp = mesh.change('a', '1')
  await mesh.clock.run(10)
  mesh.die('a')
  await mesh.clock.run(60_000)
  t.deepEqual(mesh.floorsOf('1'), [stamp, stamp])
  t.is(forgotten(mesh, 'c'), 0)
  mesh.stop()
})

test('a publisher that came back does not hide what it told before', async (t) => {
  const mesh = meshOf(['a', 'b', 'c'])
  mesh.fate = (_, to) => (to === 'c' ? [] : [1])
  const stamp = mesh.change('a', '1')
  await mesh.clock.run(10)
  mesh.die('a')
  mesh.fate = () => [1]
  mesh.join('a', 2)
  const later = mesh.change('a', '2')
  await mesh.clock.run(60_000)
  t.is(member(mesh, 'c').floors.floor(VOLUME, '1'), stamp)
  t.is(member(mesh, 'c').floors.floor(VOLUME, '2'), later)
  mesh.stop()
})

test('a gap that nobody can fill makes a node forget everything, once', async (t) => {
  const mesh = meshOf(['a', 'b'])
  const first = mesh.change('a', '1')
  await mesh.clock.run(10)
  mesh.fate = () => []
  mesh.change('a', '2')
  await mesh.clock.run(10)
  mesh.fate = () => [1]
  mesh.change('a', '3')
  await mesh.clock.run(3)
  mesh.die('a')
  await mesh.clock.run(60_000)
  t.is(forgotten(mesh, 'b'), 1)
  t.true(member(mesh, 'b').floors.floor(VOLUME, 'any other') > first)
  mesh.stop()
})

test('a node cut off for more rumors than are kept forgets everything, and is in step again', async (t) => {
  const mesh = meshOf(['a', 'b', 'c'])
  mesh.change('a', 'first')
  await mesh.clock.run(30_000)
  mesh.fate = (_, to) => (to === 'b' ? [] : [1])
  const lost = mesh.change('a', 'lost')
  for (let i = 0; i < 700; i++) {
    mesh.change('a', String(i))
    await mesh.clock.run(2)
  }
  mesh.fate = () => [1]
  const stamp = mesh.change('a', 'last')
  await mesh.clock.run(10_000)
  t.true(member(mesh, 'b').floors.floor(VOLUME, 'lost') >= lost)
  t.true(member(mesh, 'b').floors.floor(VOLUME, 'last') >= stamp)
  t.is(forgotten(mesh, 'b'), 1)
  t.is(forgotten(mesh, 'c'), 0)
  mesh.stop()
})

test('a node that never heard of a publisher before forgets too, if it has missed what is not kept', async (t) => {
  const mesh = meshOf(['a', 'b'])
  await mesh.clock.run(30_000)
  mesh.fate = () => []
  const lost = mesh.change('a', 'lost')
  for (let i = 0; i < 700; i++) {
    mesh.change('a', String(i))
    await mesh.clock.run(2)
  }
  await mesh.clock.run(60_000)
  t.true(member(mesh, 'b').floors.floor(VOLUME, 'lost') >= lost)
  mesh.stop()
})

test('a newcomer learns what is kept, asks one peer for it, and forgets nothing', async (t) => {
  const mesh = meshOf(['a', 'b'])
  for (let i = 0; i < 700; i++) {
    mesh.change('a', String(i))
    await mesh.clock.run(2)
  }
  const newcomer = mesh.join('c')
  const compared = newcomer.room.compareWith('b')
  await mesh.clock.runUntil(compared)
  await mesh.clock.run(5000)
  t.true(newcomer.floors.floor(VOLUME, '699') > 0)
  t.is(forgotten(mesh, 'c'), 0)
  const asked = newcomer.asked.filter(({ request }) => request.type === 'repair')
  t.deepEqual([...new Set(asked.map(({ to }) => to))], ['b'])
  mesh.stop()
})

test('who has started again hears from others what it told before, and tells on as a new life', async (t) => {
  const mesh = meshOf(['a', 'b'])
  const before = mesh.change('a', '1')
  await mesh.clock.run(10)
  mesh.die('a')
  const again = mesh.join('a', 2)
  const heard = again.room.hear({ publisher: 'a', epoch: 1, number: 1 })
  await mesh.clock.runUntil(heard)
  t.true(await heard)
  t.is(again.floors.floor(VOLUME, '1'), before)
  t.deepEqual(
    again.asked.map(({ to }) => to),
    ['b'],
  )
  const stamp = mesh.change('a', '2')
  await mesh.clock.run(2000)
  t.deepEqual(mesh.floorsOf('2'), [stamp, stamp])
  mesh.stop()
})

test('a stamp from the far future is not believed, the change it tells of is', async (t) => {
  const mesh = meshOf(['a', 'b'])
  const future = stampAt(START_MS + 100 * 3_600_000)
  member(mesh, 'a').room.publish([{ volume: VOLUME, inode: '1', stamp: future }])
  await mesh.clock.run(10)
  const floor = member(mesh, 'b').floors.floor(VOLUME, '1')
  t.true(floor > 0 && floor < stampAt(START_MS + 1000))
  t.is(member(mesh, 'b').counters.get('rumors_disbelieved_total'), 1)
  mesh.stop()
})

test('rumors of other volumes are passed over', async (t) => {
  const mesh = meshOf(['a', 'b'])
  member(mesh, 'a').room.publish([{ volume: 'other', inode: '1', stamp: stampAt(START_MS) }])
  await mesh.clock.run(10)
  t.is(member(mesh, 'b').floors.floor('other', '1'), 0)
  mesh.stop()
})

test('a repair never answers with more than a message may have', async (t) => {
  const mesh = meshOf(['a', 'b'])
  const long = `1@${'deep/'.repeat(800)}x`
  for (let i = 0; i < 3000; i++) mesh.change('a', `${i}${long}`)
  await mesh.clock.run(10)
  const request = { type: 'repair', publisher: 'a', epoch: 1, from: 1, to: 512 } as const
  const reply = member(mesh, 'b').room.answer(request)
  t.true(JSON.stringify(reply).length < 2 * 1024 * 1024)
  t.true(reply.type === 'rumors' && reply.rumors.length > 0)
  mesh.stop()
})

test('what is untold when a node stops is told', async (t) => {
  const mesh = meshOf(['a', 'b'])
  const stamp = mesh.change('a', '1')
  member(mesh, 'a').room.stop()
  await mesh.clock.run(10)
  t.is(member(mesh, 'b').floors.floor(VOLUME, '1'), stamp)
  mesh.stop()
})

test('a stopped room leaves nothing to do', async (t) => {
  const mesh = meshOf(['a', 'b'])
  mesh.fate = (gossip) => (gossip.type === 'rumor' ? [] : [1])
  mesh.change('a', '1')
  await mesh.clock.run(700)
  mesh.stop()
  await mesh.clock.run(10)
  t.is(mesh.clock.pending, 0)
})
