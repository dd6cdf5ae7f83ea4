// Locks under faults, a few small seeds of them; `potluck sim swarm --locks` runs hundreds. Seeds that
// once broke a promise stay here, and for each rule that must not be broken one that breaks it.
import test, { type ExecutionContext } from 'ava'
import { NO_FAULTS } from '../../../sim/faults/faults.ts'
import { LOCK_FAULTS, type LockRun, runLocks } from '../../../sim/locks/lock-run.ts'
import type { Verdict } from '../../../sim/network/rules.ts'

const NODES = 10
const PASS: Verdict = { type: 'pass' }

/** 12: a lease that ended took away what was just granted. 141, 357: founded by those cut off. */
const SEEDS = [4, 12, 141, 335, 357]
/** A lock was entered where nobody looked any more. At 12 nodes. */
const LARGER = [470, 497]

for (const seed of SEEDS) {
  test(`seed ${seed}: no two hold what excludes each other, and in the end all can lock`, async (t) => {
    const { violations, tally } = await runLocks({ seed, nodes: NODES, faults: LOCK_FAULTS })
    t.deepEqual(violations, [])
    t.true(tally.taken > 50)
    t.log(`${tally.taken} taken, ${tally.lost} lost, slowest ${tally.slowestMs | 0} ms`)
  })
}

for (const seed of LARGER) {
  test(`seed ${seed} at 12 nodes: no two hold what excludes each other`, async (t) => {
    const { violations } = await runLocks({ seed, nodes: 12, faults: LOCK_FAULTS })
    t.deepEqual(violations, [])
  })
}

test('without faults none is lost nor refused for want of a keeper, and runs agree to the bit', async (t) => {
  const run = () => runLocks({ seed: 2, nodes: 6, faults: { ...NO_FAULTS, forMs: 10_000 } })
  const [first, again] = [await run(), await run()]
  t.is(first.hash, again.hash)
  t.deepEqual([first.violations, first.tally.lost], [[], 0])
  t.deepEqual(
    [...first.tally.failed.keys()].filter((code) => code !== 'EAGAIN' && code !== 'ABORTED'),
    [],
  )
})

async function catches(
  t: ExecutionContext,
  broken: Pick<LockRun, 'spoil' | 'longHolds'>,
): Promise<void> {
  for (let seed = 1; seed <= 12; seed++) {
    const { violations } = await runLocks({ seed, nodes: NODES, faults: LOCK_FAULTS, ...broken })
    if (violations.some(({ checker }) => checker === 'exclusion')) {
      t.log(`by seed ${seed}`)
      t.pass()
      return
    }
  }
  t.fail('twelve seeds, and nobody noticed')
}

test('caught: voters that vouch for any roll', (t) =>
  catches(t, {
    spoil: {
      world: ({ network }) => {
        network.rules.unshift(({ kind, message }) => {
          if (kind !== 'reply' || message.type !== 'lock') return PASS
          if (message.answer.type !== 'vote') return PASS
          const { roll: _, ...answer } = message.answer
          return { type: 'alter', message: { type: 'lock', answer: { ...answer, isGiven: true } } }
        })
      },
    },
  }))

test('caught: clocks of which some run at a quarter of the rate', (t) =>
  catches(t, {
    longHolds: 0.05,
    spoil: {
      inside: ({ ports, init }, { index }) => {
        if (index % 2 === 0) return { ports, init }
        const { clock } = ports
        const startMs = clock.now()
        const now = () => startMs + (clock.now() - startMs) / 4
        const slow = { now, after: (ms: number, work: () => void) => clock.after(ms, work) }
        return { init, ports: { ...ports, clock: slow } }
      },
    },
  }))
