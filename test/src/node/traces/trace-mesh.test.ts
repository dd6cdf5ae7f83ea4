import test from 'ava'
import type { Trace } from '../../../../src/heat/trace.ts'
import { VOLUME, type World } from '../../../../sim/world.ts'
import { files, traceOf } from '../../heat/traces-made.ts'
import { meshOf, total } from '../mesh.ts'

const tracesOn = (world: World, index: number) => world.node(index).mesh.traces(VOLUME)
const namesOn = (world: World, index: number) =>
  tracesOn(world, index)
    .store.all()
    .map(({ name }) => name)
const everyone = (world: World) => [...world.nodes.keys()].filter((i) => world.node(i).isLiving)

async function settle(world: World): Promise<void> {
  await world.run(() => world.sleep(5_000))
}

test('a trace that one node learns is on every node soon, and nobody hands it to all', async (t) => {
  const world = await meshOf(48)
  const trace = traceOf('start', files('lib', 2_000))
  tracesOn(world, 7).put(trace)
  await settle(world)
  for (const index of everyone(world)) t.deepEqual(tracesOn(world, index).store.get('start'), trace)
  t.is(total(world, 'traces_fetched_total'), 47)
  const sent = world.nodes.map(({ peer }) => world.network.traffic(peer).sent.bytes)
  const each = sent.reduce((sum, bytes) => sum + bytes, 0) / 48
  t.true(Math.max(...sent) < 16 * each, `${Math.max(...sent)} of ${each} bytes`)
})

test('the later of two traces of one name counts, wherever it was made', async (t) => {
  const world = await meshOf(8)
  const make = (ms: number, count: number): Trace =>
    traceOf('start', files('lib', count), { recordedMs: world.clock.now() + ms })
  tracesOn(world, 1).put(make(2, 30))
  tracesOn(world, 2).put(make(1, 20))
  await settle(world)
  for (const i of everyone(world)) {
    if (i !== 2) t.is(tracesOn(world, i).store.get('start')?.entries.length, 30, `node ${i}`)
  }
})

test('what is deleted is deleted everywhere, and comes back as something newer alone', async (t) => {
  const world = await meshOf(8)
  tracesOn(world, 1).put(traceOf('start', files('lib', 20)))
  await settle(world)
  tracesOn(world, 5).delete('start')
  await settle(world)
  for (const index of everyone(world)) t.deepEqual(namesOn(world, index), [])
  tracesOn(world, 1).put(traceOf('start', files('lib', 20), { recordedMs: 1_000 }))
  await settle(world)
  t.deepEqual(namesOn(world, 0), [])
  t.throws(() => tracesOn(world, 3).delete('start'), { code: 'ENOENT' } as never)
})

test('a newcomer learns what was known before it came', async (t) => {
  const world = await meshOf(6, { latent: 1 })
  tracesOn(world, 1).put(traceOf('start', files('lib', 20)))
  await settle(world)
  await world.run(() => world.bounce(6))
  await settle(world)
  t.deepEqual(namesOn(world, 6), ['start'])
})

test('a trace from the future is not believed, nor one whose teller has gone', async (t) => {
  const world = await meshOf(4)
  tracesOn(world, 1).put(traceOf('late', files('lib', 20), { recordedMs: 1e15 }))
  tracesOn(world, 2).put(traceOf('gone', files('lib', 20), { recordedMs: 2_000 }))
  await world.run(() => world.sleep(0.01))
  world.crash(2)
  await settle(world)
  for (const index of [0, 3]) t.deepEqual(namesOn(world, index), [])
})

test('every node is warmed by a trace', async (t) => {
  const world = await meshOf(6)
  tracesOn(world, 0).put(traceOf('start', ['lib/pkg1/mod1.py', 'lib/pkg2/mod2.py']))
  await settle(world)
  await world.run(async () => {
    await world.node(0).mesh.warm(VOLUME, [], { trace: 'start', everyNode: true })
    await world.sleep(1_000)
  })
  for (const index of everyone(world)) {
    t.true(world.node(index).mesh.gauges().prefetchUnreadBytes > 0, `node ${index}`)
  }
})

test('what changes is told to whoever keeps it', async (t) => {
  const told: string[] = []
  const onTrace = (name: string, trace: Trace | undefined) =>
    void told.push(`${name} ${trace?.entries.length ?? 'gone'}`)
  const world = await meshOf(2, { volume: { onTrace } })
  tracesOn(world, 0).put(traceOf('start', files('lib', 20)))
  await settle(world)
  tracesOn(world, 0).delete('start')
  await settle(world)
  t.deepEqual(told, ['start 20', 'start 20', 'start gone', 'start gone'])
})
