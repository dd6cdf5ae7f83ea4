// A start that is known, on real nodes in virtual time: what it saves, and what a wrong trace costs.
import test from 'ava'
import type { Trace } from '../../../src/heat/trace.ts'
import type { Path } from '../../../src/ports/messages.ts'
import { VOLUME, type World } from '../../../sim/world.ts'
import { entry, traceOf } from '../heat/traces-made.ts'
import { meshOf, readAll, sourceLoad, total } from '../node/mesh.ts'

/** What the program reads, one file after another. */
const START: readonly Path[] = Array.from(
  { length: 60 },
  (_, i) => `lib/pkg${i % 12}/mod${Math.floor(i / 12) * 2 + 1}.py`,
)

async function timeOf(world: World, nodes: number, paths = START): Promise<number> {
  const startMs = world.clock.elapsedMs
  await world.run(() =>
    Promise.all(Array.from({ length: nodes }, (_, index) => readAll(world, index, paths))),
  )
  return world.clock.elapsedMs - startMs
}

async function recorded(): Promise<Trace> {
  const world = await meshOf(1)
  const traces = world.node(0).mesh.traces(VOLUME)
  traces.record('start', { pid: 0, command: '' })
  await timeOf(world, 1)
  return traces.endRecord('start')
}

const withTraces = (nodes: number, traces: readonly Trace[]) =>
  meshOf(nodes, { volume: { traces } })

test('a start is recorded: its files in order, and the directories that it walked through', async (t) => {
  const { entries, name } = await recorded()
  t.is(name, 'start')
  const read = entries.filter(({ ranges }) => ranges.length > 0).map(({ path }) => path)
  t.deepEqual(read, START)
  t.true(entries.some(({ path }) => path === 'lib/pkg3'))
})

test('with the trace of an earlier start, many nodes are many times as fast', async (t) => {
  const trace = await recorded()
  const without = await meshOf(16)
  const withoutMs = await timeOf(without, 16)
  const world = await withTraces(16, [trace])
  const withMs = await timeOf(world, 16)
  t.log(`${withoutMs.toFixed(0)} ms without, ${withMs.toFixed(0)} ms with the trace`)
  t.true(withMs < withoutMs / 3)
  t.is(sourceLoad(world).readsPerBlock, 1)
  t.is(sourceLoad(world).listsPerDirectory, 1)
  t.true(total(world, 'prefetches_used_total') > 16 * 40)
})

test('an old trace, a third of whose files are gone or changed, serves for the rest', async (t) => {
  const trace = await recorded()
  const rebuild = (world: World) => {
    for (const [i, path] of START.entries()) {
      if (i % 6 === 4) world.tree.remove(path)
      if (i % 6 === 5) world.tree.write(path, 5_000)
    }
  }
  const left = START.filter((_, i) => i % 6 !== 4)
  const without = await meshOf(8)
  rebuild(without)
  const withoutMs = await timeOf(without, 8, left)
  const world = await withTraces(8, [trace])
  rebuild(world)
  const withMs = await timeOf(world, 8, left)
  t.log(`${withoutMs.toFixed(0)} ms without, ${withMs.toFixed(0)} ms with an old trace`)
  t.true(withMs < withoutMs / 2)
  t.true(sourceLoad(world).readsPerBlock <= 1.02)
  t.true(total(world, 'trace_entries_gone_total') > 0)
})

test('a trace of another program is left, and costs little', async (t) => {
  const others = Array.from({ length: 80 }, (_, i) => `lib/pkg${12 + (i % 8)}/mod${i % 10}.py`)
  const wrong = traceOf('wrong', [...START.slice(0, 6), ...new Set(others)])
  const withoutMs = await timeOf(await meshOf(8), 8)
  const world = await withTraces(8, [wrong])
  const withMs = await timeOf(world, 8)
  t.log(`${withoutMs.toFixed(0)} ms without, ${withMs.toFixed(0)} ms with a wrong trace`)
  t.true(withMs < withoutMs * 1.1)
  t.is(world.node(0).mesh.traces(VOLUME).following, 0)
})

test('a poisoned trace asks for nothing but what the volume has', async (t) => {
  const huge = [{ from: 0, to: 2 ** 52 }]
  const entries = [
    ...START.slice(0, 3).map((path) => entry(path, { ranges: huge })),
    entry('lib', { ranges: huge }),
    entry('lib/pkg1/mod1.py/below', { ranges: huge }),
    ...Array.from({ length: 20_000 }, (_, i) => entry(`nowhere/${i}`, { ranges: huge })),
    entry('x'.repeat(300)),
  ]
  const asked: Path[] = []
  const world = await withTraces(4, [{ ...traceOf('poison', []), entries }])
  world.storage.rules.push(({ path }) => void asked.push(path))
  const withoutMs = await timeOf(await meshOf(4), 4)
  const withMs = await timeOf(world, 4)
  t.log(`${withoutMs.toFixed(0)} ms without, ${withMs.toFixed(0)} ms with a poisoned trace`)
  t.true(withMs < withoutMs * 1.1)
  t.true(asked.every((path) => path === '' || path === 'lib' || path.startsWith('lib/pkg')))
})

test('warming brings all of a trace into a node, without a program', async (t) => {
  const trace = await recorded()
  const world = await withTraces(4, [trace])
  const traces = world.node(2).mesh.traces(VOLUME)
  const seen: number[] = []
  const progress = await world.run(() =>
    traces.warm('start', { onProgress: ({ bytesDone }) => void seen.push(bytesDone) }),
  )
  t.is(progress.bytesDone, progress.bytes)
  t.true(seen.length > 60)
  const reads = world.storage.counts.read
  await timeOf(world, 0)
  await world.run(() => readAll(world, 2, START))
  t.is(world.storage.counts.read, reads)
  await t.throwsAsync(() => world.run(() => traces.warm('unknown')), { code: 'ENOENT' } as never)
})

test('a start that nobody named is learned when it is over', async (t) => {
  const world = await meshOf(2)
  await world.run(async () => {
    await readAll(world, 0, START)
    await world.sleep(10_000)
  })
  const [trace] = world.node(0).mesh.traces(VOLUME).store.all()
  t.regex(trace?.name ?? '', /^start-[0-9a-f]{8}$/)
  await world.stop()
  t.is(
    world.nodes.reduce((sum, { life }) => sum + life.timers, 0),
    0,
  )
})

test('a node that does not look ahead has no traces', async (t) => {
  const world = await meshOf(1, { volume: { ahead: 'none' } })
  t.throws(() => world.node(0).mesh.traces(VOLUME), { code: 'ENOTSUP' } as never)
})
