import test from 'ava'
import { Counters } from '../../../../src/base/counters.ts'
import { positionOf } from '../../../../src/block/key.ts'
import { RateMesh, REPORT_MS } from '../../../../src/node/heat/rate-mesh.ts'
import { PeerTable } from '../../../../src/placement/peer-table.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

/** A node alone: what is reported to it, it passes on to nobody. */
function begin() {
  const clock = new VirtualClock()
  const rates = new RateMesh({
    clock,
    random: new SeededRandom(1),
    network: {
      request: () => Promise.reject(new Error('nobody')),
      handle: () => {},
      queuedBytes: () => 0,
    },
    table: new PeerTable({ peer: 'self', position: positionOf('self') }),
    counters: new Counters(),
    uses: { halfLifeMs: 60_000, capacity: 8 },
    isTight: () => false,
    reportAbove: 0,
  })
  const told = (volume: string, inode = '1') => {
    const answer = rates.answer('p', {
      step: 'rates',
      volume,
      rates: [{ inode, path: 'f', perSecond: 5 }],
    })
    return answer.step === 'rates' ? answer.perSecond : []
  }
  return { clock, rates, told }
}

test('rates of volumes that are not here are gathered, but not of any number of them', async (t) => {
  const { clock, rates, told } = begin()
  const uses = rates.usesOf('here')
  for (let i = 0; i < 255; i++) t.deepEqual(told(`there ${i}`), [5])
  t.deepEqual(told('one more'), [0])
  t.deepEqual(told('there 0', '2'), [5])
  t.deepEqual(told('here'), [5])
  t.is(rates.report().length, 257)
  await clock.run(4 * REPORT_MS)
  t.deepEqual(rates.report(), [])
  t.deepEqual(told('one more'), [5], 'of those that nobody speaks of any more nothing is left')
  t.is(rates.usesOf('here'), uses, 'but of what is here')
})
