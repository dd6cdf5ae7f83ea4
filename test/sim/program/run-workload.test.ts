import test from 'ava'
import type { Contents } from '../../../sim/storage/contents.ts'
import { mesh } from '../../../sim/program/way.ts'
import { type Observation, WorkloadRun } from '../../../sim/program/run-workload.ts'
import type { Step, Workload } from '../../../sim/program/workload.ts'
import { World, type WorldInit } from '../../../sim/world.ts'

const BLOCK_BYTES = 16 * 1024
const SIZES = [100, 5_000, 70_000]

/** A few files, read whole and in part, by programs that share their steps. */
function reading(steps: readonly Step[], processesANode = 3): Workload {
  return {
    name: 'reading',
    description: '',
    build: (tree) => {
      for (const [i, size] of SIZES.entries()) tree.makeFile(`d/file${i}`, { size })
    },
    processesANode,
    steps: () => steps,
    bytesANode: 0,
    filesANode: SIZES.length,
    stepsAProcess: steps.length,
  }
}

async function worldOf(workload: Workload, init: Partial<WorldInit> = {}): Promise<World> {
  const world = new World({
    seed: 1,
    nodes: 4,
    contents: 'real',
    volume: { blockBytes: BLOCK_BYTES },
    tree: (tree) => workload.build(tree),
    ...init,
  })
  await world.run(() => mesh.start(world))
  return world
}

function expected(world: World, contents: Contents, { path, from, length }: Observation): Buffer {
  const { number: inode, generation, size } = world.tree.find(path)
  const all = contents.bytes({ inode, generation, from: 0, length: size })
  return Buffer.from(all.subarray(from, from + length))
}

test('every program of every node reads the bytes of the source, cached or not', async (t) => {
  const steps: Step[] = [0, 1, 2].flatMap((i): Step[] => [
    { kind: 'stat', path: `d/file${i}` },
    { kind: 'read', path: `d/file${i}`, from: 0, length: SIZES[i] as number },
    { kind: 'think', ms: 1 },
    { kind: 'read', path: `d/file${i}`, from: 33, length: 20_000 },
  ])
  const workload = reading(steps)
  const world = await worldOf(workload)
  const seen: Observation[] = []
  const onRead = (read: Observation) => void seen.push(read)
  const run = new WorkloadRun({ world, way: mesh, workload, jitterMs: 5, onRead })
  const outcome = await world.run(() => run.all())
  t.is(seen.length, 4 * 3 * 6)
  for (const read of seen) {
    t.true(Buffer.concat(read.slices).equals(expected(world, world.contents, read)), read.path)
    t.true(read.endedMs >= read.startedMs)
  }
  t.deepEqual(outcome.errors, {})
  t.true(outcome.nodes.every(({ finishedMs }) => finishedMs !== undefined && finishedMs > 3))
  t.is(run.steps, 4 * 3 * 9)
  t.deepEqual(
    world.nodes.map(({ mesh: node }) => node.gauges().openFiles),
    [0, 0, 0, 0],
  )
})

test('time between steps is spent once, whether what is asked for is cached or not', async (t) => {
  const think: Step = { kind: 'think', ms: 30 }
  const read: Step = { kind: 'read', path: 'd/file0', from: 0, length: 100 }
  const workload = reading([read, think, read, think, { ...read }, think], 1)
  const world = await worldOf(workload, { nodes: 1 })
  const run = new WorkloadRun({ world, way: mesh, workload })
  const outcome = await world.run(() => run.all())
  const [only] = outcome.nodes
  t.is(outcome.cachedReads, 2)
  const elapsed = (only?.finishedMs ?? 0) - outcome.readMs.max
  t.true(Math.abs(elapsed - 90) < 0.001, String(elapsed))
})

test('a failure is counted, and the program goes on', async (t) => {
  const steps: Step[] = [
    { kind: 'read', path: 'd/none', from: 0, length: 1 },
    { kind: 'list', path: 'd' },
    { kind: 'stat', path: 'd/none' },
    { kind: 'read', path: 'd/file0', from: 0, length: 100 },
  ]
  const workload = reading(steps, 2)
  const world = await worldOf(workload, { nodes: 2 })
  const outcome = await world.run(() => new WorkloadRun({ world, way: mesh, workload }).all())
  t.deepEqual(outcome.errors, { ENOENT: 4 })
  t.deepEqual(
    outcome.nodes.map(({ failures }) => failures),
    [2, 2],
  )
})

test('the programs of a node end with it, and begin again when it is back', async (t) => {
  const steps: Step[] = Array.from({ length: 50 }, (_, i): Step[] => [
    { kind: 'read', path: `d/file${i % 3}`, from: 0, length: 100 + i },
    { kind: 'think', ms: 10 },
  ]).flat()
  const workload = reading(steps)
  const world = await worldOf(workload)
  const run = new WorkloadRun({ world, way: mesh, workload })
  const outcome = await world.run(async () => {
    const all = run.all()
    await world.sleep(100)
    world.crash(2)
    return all
  })
  t.deepEqual(
    outcome.nodes.map(({ isDead }) => isDead),
    [false, false, true, false],
  )
  t.is(outcome.nodes[2]?.finishedMs, undefined)
  await world.run(async () => {
    await world.bounce(2)
    await run.node(2)
  })
  t.false(run.outcome().nodes[2]?.isDead)
  t.true((run.outcome().nodes[2]?.finishedMs ?? 0) > 500)
})
