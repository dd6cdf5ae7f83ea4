import test from 'ava'
import { begunAt, type Dated, isLater, isNear } from '../../../src/block/order.ts'
import { SKEW_MS, stampAt } from '../../../src/block/stamp.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

const { ctimeSeconds, ...rest } = attributesOf(
  new SimTree(new VirtualClock()).makeFile('f', { size: 1 }),
)

/** Told at `ms`, of the source's second `second`, after so long. */
function state(ms: number, second: number, tookMs?: number): Dated {
  const stamp = stampAt(ms)
  const attributes = { ...rest, ctimeSeconds: ctimeSeconds + second }
  return tookMs === undefined
    ? { stamp, attributes }
    : { stamp, begun: begunAt(stamp, tookMs), attributes }
}

test('stamps count that are farther apart than clocks, and the source’s clock where they are not', (t) => {
  t.true(isLater(state(1_000, 5), state(1_001 + SKEW_MS, 4)))
  t.false(isLater(state(1_000, 5), state(1_000 + SKEW_MS, 4)))
  t.true(isLater(state(1_000 + SKEW_MS, 4), state(1_000, 5)))
  t.false(isLater(state(1_001 + SKEW_MS, 4), state(1_000, 5)))
})

test('of one moment of the source the later stamp counts, and the same one again', (t) => {
  t.true(isLater(state(1_000, 1), state(1_000, 1)))
  t.true(isLater(state(1_000, 1), state(1_001, 1)))
  t.false(isLater(state(1_001, 1), state(1_000, 1)))
})

test('a change lasts from its beginning to its stamp', (t) => {
  const long = state(9_000, 1, 7_000)
  for (const [ms, areNear] of [
    [1_499, false],
    [1_500, true],
    [5_000, true],
    [9_500, true],
    [9_501, false],
  ] as const) {
    t.is(isNear(long, state(ms, 2)), areNear, `${ms}`)
    t.is(isNear(state(ms, 2), long), areNear, `${ms}`)
  }
  t.false(isLater(state(5_000, 2), long))
  t.true(isLater(state(1_499, 2), long))
})
