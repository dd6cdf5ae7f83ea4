import test from 'ava'
import { broadcastBoundMs } from '../../../sim/bounds/broadcast-bound.ts'
import { chainBound } from '../../../sim/bounds/chain-bound.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { DEFAULT_COSTS } from '../../../sim/network/costs.ts'
import { runExperiment } from '../../../sim/experiment.ts'
import type { Step, Workload } from '../../../sim/program/workload.ts'
import { DEFAULT_STORAGE } from '../../../sim/storage/storage.ts'
import { WAYS } from '../../../sim/ways.ts'
import { broadcast } from '../../../sim/workloads/broadcast.ts'

test('T* is F/u for one node, and grows by one block time with each doubling', (t) => {
  const shape = { bytes: 1_024 * 1_000, blockBytes: 1_000, upBytesPerMs: 1_000 }
  const at = (nodes: number) => broadcastBoundMs({ ...shape, nodes })
  t.deepEqual([1, 2, 3, 4, 512, 8_192].map(at), [1_024, 1_025, 1_025, 1_026, 1_033, 1_037])
  t.is(broadcastBoundMs({ ...shape, bytes: 0, nodes: 8 }), 0)
})

const STEPS: readonly Step[] = [
  { kind: 'list', path: 'lib' },
  { kind: 'stat', path: 'lib/absent' },
  { kind: 'stat', path: 'lib/a' },
  { kind: 'read', path: 'lib/a', from: 0, length: 1_000 },
  { kind: 'think', ms: 5 },
  { kind: 'read', path: 'lib/a', from: 500, length: 1_000 },
  { kind: 'read', path: 'lib/b/c', from: 0, length: 1_000 },
  { kind: 'think', ms: 7 },
]

const CHAIN: Workload = {
  name: 'chain',
  description: '',
  build: (tree) => {
    tree.makeFile('lib/a', { size: 1_500 })
    tree.makeFile('lib/b/c', { size: 1_000 })
  },
  processesANode: 1,
  steps: () => STEPS,
  bytesANode: 2_500,
  filesANode: 2,
  stepsAProcess: 6,
}

test('the chain bound counts each file and directory once, and the slower of line and thread', (t) => {
  const network = { ...DEFAULT_COSTS, rackLatencyMs: 1, cpuMessageMs: 0.5, cpuByteMs: 0.01 }
  const storage = { ...DEFAULT_STORAGE, bytesPerMs: 1_000, metadataPerSecond: 1_000 }
  const random = new SeededRandom(1)
  const bound = chainBound({ workload: CHAIN, network, storage, random })
  const chainMs = 12 + 4 * 3 + 25
  t.deepEqual(bound, { thinkMs: 12, hopsMs: 12, bytesMs: 25, storageMs: 4, boundMs: chainMs })
  const slow = { ...storage, metadataPerSecond: 10 }
  t.is(chainBound({ workload: CHAIN, network, storage: slow, random }).boundMs, 400)
})

test('no way beats either bound', async (t) => {
  const random = new SeededRandom(1)
  const file = broadcast({ bytes: 8 * 2 ** 20 })
  for (const way of WAYS) {
    const nodes = 8
    const chain = await runExperiment({ seed: 1, nodes, workload: CHAIN, way, jitterMs: 0 })
    const init = { workload: CHAIN, network: DEFAULT_COSTS, storage: DEFAULT_STORAGE, random }
    t.true(chain.finishMs.last >= chainBound(init).boundMs, way.name)
    const copy = await runExperiment({ seed: 1, nodes, workload: file, way, jitterMs: 0 })
    // Who reads the storage directly is not bound by what one node can send.
    if (way.name !== 'mesh' && way.name !== 'home-only') continue
    const { upBytesPerMs } = DEFAULT_COSTS
    const shape = { bytes: 8 * 2 ** 20, blockBytes: 2 ** 20, nodes, upBytesPerMs }
    t.true(copy.finishMs.last >= broadcastBoundMs(shape), way.name)
  }
})
