import test from 'ava'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import type { Step, Workload } from '../../../sim/program/workload.ts'
import { SimTree } from '../../../sim/storage/tree.ts'
import { broadcast } from '../../../sim/workloads/broadcast.ts'
import { dataset, permutation } from '../../../sim/workloads/dataset.ts'
import { importing } from '../../../sim/workloads/import.ts'
import { replay } from '../../../sim/workloads/replay.ts'
import type { Trace } from '../../../sim/workloads/trace/trace.ts'

type Read = Extract<Step, { kind: 'read' }>

function treeOf(workload: Workload): SimTree {
  const tree = new SimTree(new VirtualClock())
  workload.build(tree)
  return tree
}

function stepsOf(workload: Workload, place = { node: 0, index: 0 }): Step[] {
  const random = new SeededRandom(1).fork(`${place.node} ${place.index}`)
  return [...workload.steps({ ...place, random })]
}

function readsOf(steps: readonly Step[]): Read[] {
  return steps.filter((step) => step.kind === 'read')
}

function countDirectories(tree: SimTree): number {
  let count = 0
  const visit = ({ children }: SimTree['root']) => {
    for (const child of children.values()) {
      if (child.type !== 'directory') continue
      count += 1
      visit(child)
    }
  }
  visit(tree.root)
  return count
}

test('import has the shape that was published of a cold import torch', (t) => {
  const workload = importing()
  const tree = treeOf(workload)
  const steps = stepsOf(workload)
  t.is(tree.files().length, 20_625)
  // Above the packages: lib and python3.12.
  t.is(countDirectories(tree), 1_757 + 2)
  const read = new Set(readsOf(steps).map(({ path }) => path))
  t.is(read.size, 1_404)
  t.is(workload.filesANode, 1_404)
  t.is(workload.processesANode, 12)
  const listed = steps.filter(({ kind }) => kind === 'list')
  t.is(listed.length, 325)
  const absent = steps.filter((step) => step.kind === 'stat' && tree.at(step.path) === undefined)
  t.is(absent.length, 555)
  const sizes = [...read].map((path) => tree.find(path).size)
  const small = sizes.filter((size) => size <= 10e6).reduce((sum, size) => sum + size, 0)
  t.true(Math.abs(small / 36.6e6 - 1) < 0.02, String(small))
  const large = sizes.filter((size) => size > 10e6)
  t.true(large.length >= 3 && large.every((size) => size >= 100e6 && size <= 1e9))
})

test('import reads each byte that it reads once, within files that are there', (t) => {
  const workload = importing()
  const tree = treeOf(workload)
  const reached = new Map<string, number>()
  let bytes = 0
  for (const { path, from, length } of readsOf(stepsOf(workload)).toSorted(
    (a, b) => a.from - b.from,
  )) {
    t.true(from >= (reached.get(path) ?? 0) && from + length <= tree.find(path).size, path)
    reached.set(path, from + length)
    bytes += length
  }
  t.is(bytes, workload.bytesANode)
})

test('all processes of import take the same calls, each with thoughts of its own', (t) => {
  const workload = importing()
  const [one, other] = [stepsOf(workload), stepsOf(workload, { node: 3, index: 5 })]
  const callsOf = (steps: readonly Step[]) => steps.filter(({ kind }) => kind !== 'think')
  t.deepEqual(callsOf(one), callsOf(other))
  t.is(callsOf(one).length, workload.stepsAProcess)
  t.notDeepEqual(one, other)
})

test('broadcast reads one file in order, every byte of it', (t) => {
  const workload = broadcast({ bytes: 10_000_000, readBytes: 4_194_304 })
  const reads = readsOf(stepsOf(workload))
  t.deepEqual(
    reads.map(({ from, length }) => [from, length]),
    [
      [0, 4_194_304],
      [4_194_304, 4_194_304],
      [8_388_608, 1_611_392],
    ],
  )
  t.is(treeOf(workload).files().length, 1)
})

test('an epoch of a shuffled dataset reads every file once, over all nodes', (t) => {
  const [nodes, files] = [7, 100]
  const workload = dataset(nodes, { files, epochs: 2, processes: 3, filesADirectory: 10 })
  const counts = new Map<string, number>()
  const orders: string[][] = []
  for (let node = 0; node < nodes; node++) {
    for (let index = 0; index < 3; index++) {
      const paths = readsOf(stepsOf(workload, { node, index })).map(({ path }) => path)
      orders.push(paths)
      for (const path of paths) counts.set(path, (counts.get(path) ?? 0) + 1)
    }
  }
  t.is(counts.size, files)
  t.true([...counts.values()].every((count) => count === 2))
  t.notDeepEqual(orders[0]?.slice(0, 5), orders[0]?.slice(5, 10))
  t.is(treeOf(workload).files().length, files)
})

test('a zipf dataset draws a few files often, and each node its own', (t) => {
  const shape = { files: 1_000, order: 'zipf', drawsANode: 2_000, epochs: 1, processes: 1 } as const
  const workload = dataset(4, shape)
  const paths = readsOf(stepsOf(workload)).map(({ path }) => path)
  t.is(paths.length, 2_000)
  const counts = Map.groupBy(paths, (path) => path)
  const most = Math.max(...[...counts.values()].map(({ length }) => length))
  // The most wanted one has 1 / H(1000) of all draws, 13 %.
  t.true(most > 200 && most < 330, String(most))
  t.notDeepEqual(
    paths,
    readsOf(stepsOf(workload, { node: 1, index: 0 })).map(({ path }) => path),
  )
})

test('a permutation is one to one, whatever its size', (t) => {
  for (const count of [1, 2, 3, 10, 64, 1_000]) {
    const permute = permutation(count, new SeededRandom(count))
    const values = Array.from({ length: count }, (_, i) => permute(i))
    t.is(new Set(values).size, count)
    t.true(values.every((value) => value >= 0 && value < count))
  }
})

test('a replay gives each copy of each traced process its own calls', (t) => {
  const trace: Trace = {
    program: 'program',
    processes: 2,
    files: new Map([['d/file', 10_000]]),
    directories: new Set(['d', 'empty']),
    steps: [
      { process: 0, afterMs: 2, call: { kind: 'stat', path: 'd/none' } },
      { process: 1, afterMs: 0, call: { kind: 'read', path: 'd/file', from: 0, length: 4_096 } },
      {
        process: 0,
        afterMs: 1,
        call: { kind: 'read', path: 'd/file', from: 4_000, length: 9_999 },
      },
    ],
  }
  const workload = replay(trace, { copies: 3, thinkScale: 2 })
  t.is(workload.processesANode, 6)
  t.is(workload.bytesANode, 10_000)
  t.is(workload.filesANode, 1)
  t.deepEqual(stepsOf(workload, { node: 0, index: 4 }), [
    { kind: 'think', ms: 4 },
    { kind: 'stat', path: 'd/none' },
    { kind: 'think', ms: 2 },
    { kind: 'read', path: 'd/file', from: 4_000, length: 9_999 },
  ])
  t.is(stepsOf(workload, { node: 0, index: 5 }).length, 1)
  t.true(treeOf(workload).at('empty')?.type === 'directory')
})
