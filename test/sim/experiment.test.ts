import test from 'ava'
import { runExperiment } from '../../sim/experiment.ts'
import { experimentOf, type RunPlan } from '../../sim/plan.ts'
import { WAYS } from '../../sim/ways.ts'

const SMALL = ['import.directories=40', 'import.files=300', 'import.directoriesUsed=10']
const USED = [
  'import.filesUsed=60',
  'import.probes=20',
  'import.processes=3',
  'import.headShare=0.002',
]
const PLAN: RunPlan = {
  seed: '7',
  nodes: 12,
  workload: 'import',
  way: 'mesh',
  settings: [...SMALL, ...USED, 'import.tailShare=0.001', 'import.touches=2'],
  faults: 'none',
  ahead: 'first-run',
}

const run = (plan: Partial<RunPlan> = {}) => runExperiment(experimentOf({ ...PLAN, ...plan }))

test('the same seed gives the same run to the bit, another seed another one', async (t) => {
  const [one, same, other] = [await run(), await run(), await run({ seed: '8' })]
  const { wall: _one, ...first } = one
  const { wall: _same, ...second } = same
  t.deepEqual(first, second)
  t.not(one.hash, other.hash)
})

test('by every way all programs read all they want, and the mesh reads each block once', async (t) => {
  for (const way of WAYS) {
    const result = await run({ way: way.name })
    t.deepEqual(result.errors, {}, way.name)
    t.true(result.isComplete)
    t.true(result.finishes.every((ms) => ms !== null && ms > 0 && ms <= result.finishMs.last))
    t.true(result.finishMs.p50 <= result.finishMs.p99)
    if (way.name === 'mesh') t.is(result.source.readsABlock, 1)
    if (way.name === 'direct') t.is(result.source.readsABlock, 12)
  }
})

test('what the seed gave is told before the programs start, and how far they are', async (t) => {
  const told: string[] = []
  let look = () => ({ steps: 0, stepsTotal: 0 })
  const experiment = experimentOf({ ...PLAN, faults: 'dead=25%,for=1s' })
  const result = await runExperiment({
    ...experiment,
    onStart: (drawn, now) => {
      told.push(...drawn)
      look = now
      t.is(now().steps, 0)
    },
  })
  t.regex(
    told.join('\n'),
    /seed 7: 12 nodes.*mesh\nimport: 60 files.*\ndead from the start: \d+, \d+/s,
  )
  t.is(look().steps, (look().stepsTotal * 9) / 12)
  t.is(result.finishes.filter((ms) => ms === null).length, 3)
})

test('a run that is ended early says so, with what is known by then', async (t) => {
  const stop = new AbortController()
  const onStart = () => setImmediate(() => stop.abort())
  const settings = ['broadcast.bytes=512MiB']
  const experiment = experimentOf({ ...PLAN, workload: 'broadcast', nodes: 64, settings })
  const result = await runExperiment({ ...experiment, onStart, signal: stop.signal })
  t.false(result.isComplete)
  t.true(result.finishes.some((ms) => ms === null))
})
