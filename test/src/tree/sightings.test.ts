import test from 'ava'
import { floorOf, stampAt } from '../../../src/block/stamp.ts'
import { Sightings } from '../../../src/tree/sightings.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { LoneNode } from '../node/lone-node.ts'

const REVALIDATE_MS = 10_000

function bench() {
  const clock = new VirtualClock()
  const tree = new SimTree(clock)
  tree.makeFile('f', { size: 1 })
  const sightings = new Sightings({ clock, revalidateMs: REVALIDATE_MS })
  const now = () => attributesOf(tree.find('f'))
  return { clock, tree, sightings, now, stamp: () => stampAt(clock.now()) }
}

test('a page that has a file otherwise than it was seen has to be newer', (t) => {
  const { tree, sightings, now, stamp } = bench()
  const before = now()
  tree.write('f')
  t.is(sightings.floor(before, 0), 0)
  sightings.saw(now(), stamp())
  t.is(sightings.floor(now(), 0), 0, 'the same state is as good on any page')
  t.is(sightings.floor(before, 0), floorOf(stamp()))
})

test('what was seen on an older page does not count', (t) => {
  const { tree, sightings, now, stamp } = bench()
  const before = now()
  tree.write('f')
  sightings.saw(now(), stamp())
  sightings.saw(before, stamp() - 1)
  t.is(sightings.floor(now(), 0), 0)
})

test('a page that is stamped later, and has the file as it was before, has to be newer yet', async (t) => {
  const { clock, tree, sightings, now, stamp } = bench()
  const before = now()
  await clock.run(10)
  tree.write('f')
  sightings.saw(now(), stamp())
  const ahead = floorOf(stamp()) + 1
  t.is(sightings.floor(before, ahead), ahead + 1)
  t.is(
    sightings.floor(before, floorOf(floorOf(stamp()))),
    floorOf(stamp()),
    'clocks do not differ so',
  )
  const later = { ...now(), ctimeSeconds: now().ctimeSeconds + 1 }
  t.is(sightings.floor(later, ahead), floorOf(stamp()), 'what came after is no page of before')
})

test('of files that have not changed lately nothing is kept', async (t) => {
  const { clock, sightings, now, stamp } = bench()
  await clock.run(REVALIDATE_MS + 501)
  sightings.saw(now(), stamp())
  t.is(sightings.size, 0)
})

test('where too many have changed, what is forgotten makes all pages of that age suspect', (t) => {
  const { tree, sightings, now, stamp } = bench()
  const file = now()
  for (let i = 0; i < 16_385; i++) sightings.saw({ ...file, inode: `${i}` }, stamp() + i)
  t.is(sightings.size, 16_384)
  tree.write('f')
  t.is(sightings.floor({ ...now(), inode: '0' }, 0), floorOf(stamp()))
})

test('a file that was seen under another name is not seen as it was before', async (t) => {
  const lone = await LoneNode.start((tree) => {
    tree.makeFile('old/f', { size: 5 })
    tree.makeDirectory('new')
  })
  await lone.readAll('old/f')
  lone.tree.write('old/f', 9)
  lone.tree.rename('old/f', 'new/f')
  await lone.clock.run(600)
  const { nodeid } = (await lone.look('new/f')) ?? { nodeid: 0 }
  t.is((await lone.volume.getattr(nodeid)).attributes.size, 9)
  t.is(await lone.look('old/f'), undefined, 'its page is good by its age, and has it as it was')
})
