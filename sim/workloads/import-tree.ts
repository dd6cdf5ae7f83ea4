// The tree of the import workload, and the order in which a program goes through it. Drawn once, from a
// seed of its own: the same for every node, run and way.
import assert from 'node:assert/strict'
import type { Random } from '../../src/ports/random.ts'
import type { Path } from '../../src/ports/messages.ts'
import { below, between, logNormal, pickSome } from '../engine/draws.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import type { Step } from '../program/workload.ts'

export type LargeObject = { readonly name: string; readonly bytes: number }

export type ImportTreeShape = {
  readonly directories: number
  readonly files: number
  readonly directoriesUsed: number
  readonly filesUsed: number
  readonly probes: number
  /** Bytes in all used files but the large objects. */
  readonly smallBytes: number
  readonly smallBytesMax: number
  readonly large: readonly LargeObject[]
  /** Of each large object, read in order from its start: headers, symbols, relocations. */
  readonly headShare: number
  /** Of each large object, read in order towards its end: data that relocation writes to. */
  readonly tailShare: number
  /** Elsewhere, code that runs: so many places, so many bytes each (one fault with its read-ahead). */
  readonly touches: number
  readonly touchBytes: number
}

export const DEFAULT_IMPORT_TREE: ImportTreeShape = {
  directories: 1_757,
  files: 20_625,
  directoriesUsed: 325,
  filesUsed: 1_404,
  probes: 555,
  smallBytes: 36.6e6,
  smallBytesMax: 10e6,
  large: [
    { name: 'libtorch_gpu.so', bytes: 1_000e6 },
    { name: 'libtorch_cpu.so', bytes: 480e6 },
    { name: 'libmkl_core.so.2', bytes: 270e6 },
    { name: 'libdnnl.so.3', bytes: 110e6 },
  ],
  headShare: 0.06,
  tailShare: 0.03,
  touches: 32,
  touchBytes: 128 * 1024,
}

export type DrawnFile = { readonly path: Path; readonly size: number }

export type ImportTree = {
  readonly directories: readonly Path[]
  readonly files: readonly DrawnFile[]
  /** In the order of the program. */
  readonly calls: readonly Exclude<Step, { kind: 'think' }>[]
  readonly filesRead: number
  /** Distinct bytes that the calls read. */
  readonly bytesRead: number
}

type Calls = Exclude<Step, { kind: 'think' }>[]

const TOP = 'lib/python3.12/site-packages'
const DEEPEST = 7

/** @throws AssertionError where the numbers contradict each other */
export function drawImportTree(shape: ImportTreeShape): ImportTree {
  assert(shape.directoriesUsed <= shape.directories, 'more directories used than there are')
  assert(shape.filesUsed <= shape.files, 'more files used than there are')
  assert(
    shape.filesUsed >= shape.directoriesUsed + shape.large.length,
    'a directory without a file',
  )
  const random = new SeededRandom('import')
  const directories = drawDirectories(shape, random.fork('directories'))
  const used = pickSome(random.fork('used'), directories.slice(1), shape.directoriesUsed)
  const smallUsed = drawUsed(shape, used, random.fork('files'))
  const large = shape.large.map(({ name, bytes }) => ({
    path: `${used[0]}/lib-${name}`,
    size: bytes,
  }))
  const unused = drawUnused(shape, directories, random.fork('unused'))
  const calls = order(shape, { smallUsed, large, used }, random.fork('order'))
  const reads = calls.filter((call) => call.kind === 'read')
  return {
    directories,
    files: [...smallUsed, ...large, ...unused],
    calls,
    filesRead: smallUsed.length + large.length,
    bytesRead: reads.reduce((sum, { length }) => sum + length, 0),
  }
}

/** The first is the top; each other lies in one that came before it. */
function drawDirectories({ directories }: ImportTreeShape, random: Random): Path[] {
  const paths = [TOP]
  const depths = [1]
  for (let i = 1; i < directories; i++) {
    // A package in the top directory, or a part of one.
    const parent = random.next() < 0.1 ? 0 : below(random, i)
    const depth = depths[parent] as number
    const inside = depth < DEEPEST ? parent : 0
    paths.push(`${paths[inside]}/package${i}`)
    depths.push((depths[inside] as number) + 1)
  }
  return paths
}

/** Every used directory has a file; sizes add up to `smallBytes`. */
function drawUsed(shape: ImportTreeShape, used: readonly Path[], random: Random): DrawnFile[] {
  const count = shape.filesUsed - shape.large.length
  const weights = Array.from({ length: count }, () => logNormal(random, 1, 1.5))
  const scale = shape.smallBytes / weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight, i) => {
    const directory = used[i < used.length ? i : Math.floor(used.length * random.next() ** 2)]
    const size = Math.max(1, Math.round(Math.min(shape.smallBytesMax, weight * scale)))
    return { path: `${directory}/module${i}.pyc`, size }
  })
}

function drawUnused(
  shape: ImportTreeShape,
  directories: readonly Path[],
  random: Random,
): DrawnFile[] {
  const median = shape.smallBytes / shape.filesUsed / 3
  return Array.from({ length: shape.files - shape.filesUsed }, (_, i) => ({
    path: `${directories[below(random, directories.length)]}/unused${i}.py`,
    size: Math.round(Math.min(shape.smallBytesMax, logNormal(random, median, 1.5))),
  }))
}

/** Directory by directory, with some files later than their neighbours. */
function order(
  shape: ImportTreeShape,
  tree: { smallUsed: readonly DrawnFile[]; large: readonly DrawnFile[]; used: readonly Path[] },
  random: Random,
): Calls {
  const places = new Map(tree.used.map((path, i) => [path, i]))
  const small = tree.smallUsed.map((file) => {
    const place = places.get(directoryOf(file.path)) as number
    return { calls: callsFor(file), at: place + (random.next() < 0.2 ? between(random, 0, 20) : 0) }
  })
  const large = tree.large.map((file) => {
    return {
      calls: callsForLarge(file, shape, random),
      at: between(random, 0, tree.used.length / 4),
    }
  })
  const probes = Array.from({ length: shape.probes }, (_, i) => {
    const place = below(random, tree.used.length)
    const path = `${tree.used[place]}/absent${i}.cpython-312-x86_64-linux-gnu.so`
    return { calls: [{ kind: 'stat', path }] satisfies Calls, at: place + random.next() }
  })
  const groups = [...small, ...large, ...probes].toSorted((a, b) => a.at - b.at)
  return withListings(groups.flatMap(({ calls }): Calls => calls))
}

/** Before the first name in it, the import machinery lists a directory. */
function withListings(calls: Calls): Calls {
  const listed = new Set<Path>()
  return calls.flatMap((call): Calls => {
    const directory = directoryOf(call.path)
    if (listed.has(directory)) return [call]
    listed.add(directory)
    return [{ kind: 'list', path: directory }, call]
  })
}

function callsFor({ path, size }: DrawnFile): Calls {
  return [
    { kind: 'stat', path },
    { kind: 'read', path, from: 0, length: size },
  ]
}

function callsForLarge({ path, size }: DrawnFile, shape: ImportTreeShape, random: Random): Calls {
  const page = (bytes: number) => Math.floor(bytes / 4096) * 4096
  const head = page(size * shape.headShare)
  const tail = page(size * (1 - shape.tailShare))
  const read = (from: number, length: number) => ({ kind: 'read', path, from, length }) as const
  // Apart from each other, so that the bytes read are the sum of the lengths.
  const room = (tail - head) / Math.max(1, shape.touches)
  const touches = Array.from({ length: shape.touches }, (_, i) =>
    read(page(head + room * i + between(random, 0, room - shape.touchBytes)), shape.touchBytes),
  )
  const ends = [read(0, head), read(tail, size - tail)]
  return [{ kind: 'stat', path }, ...ends, ...pickSome(random, touches, touches.length)]
}

function directoryOf(path: Path): Path {
  return path.slice(0, path.lastIndexOf('/'))
}
