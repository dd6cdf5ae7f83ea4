import test from 'ava'
import { floorOf, stampAt } from '../../../src/block/stamp.ts'
import { InodeTable } from '../../../src/tree/inode-table.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

test('what is stamped ahead of its time, and older by the source’s clock, is not learned', async (t) => {
  const clock = new VirtualClock()
  const tree = new SimTree(clock)
  const before = attributesOf(tree.makeFile('f', { size: 1 }))
  await clock.run(10)
  tree.write('f', 2)
  const after = attributesOf(tree.find('f'))
  const table = new InodeTable('0')
  const record = table.refer(table.root, 'f', before.inode)
  const stamp = stampAt(clock.now())
  record.learn({ attributes: after }, stamp)
  record.learn({ attributes: before }, floorOf(stamp) + 1)
  t.deepEqual([record.attributes?.size, record.stamp], [2, stamp])
  record.learn({ attributes: before }, floorOf(floorOf(stamp)))
  t.is(record.attributes?.size, 1, 'a clock that was set back')
})
