// Training over a dataset: epochs over many files of one size, read by a few loader processes on each
// node. `shuffled`: in each epoch every file is read by one node of all, in an order of that epoch, as
// a distributed sampler deals them. `zipf`: each node draws files on its own, some far more often.
//
// Steps are drawn as they are taken: a permutation is a function of its index, not a list.
import assert from 'node:assert/strict'
import type { Random } from '../../src/ports/random.ts'
import { between } from '../engine/draws.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import type { Process, Step, Workload } from '../program/workload.ts'

export type DatasetOrder = 'shuffled' | 'zipf'

export type DatasetShape = {
  readonly files: number
  readonly bytesAFile: number
  readonly filesADirectory: number
  readonly epochs: number
  readonly processes: number
  readonly order: DatasetOrder
  /** zipf: files that a node reads in an epoch. */
  readonly drawsANode: number
  /** zipf: the k-th most wanted file is drawn as often as 1 / k^exponent. */
  readonly exponent: number
  /** Work of a loader process on each file. */
  readonly thinkMs: number
}

export const DEFAULT_DATASET: DatasetShape = {
  files: 8_192,
  bytesAFile: 128 * 1024,
  filesADirectory: 1_024,
  epochs: 2,
  processes: 4,
  order: 'shuffled',
  drawsANode: 512,
  exponent: 1,
  thinkMs: 2,
}

/** @param nodes among which an epoch is dealt out */
export function dataset(nodes: number, init: Partial<DatasetShape> = {}): Workload {
  const shape = { ...DEFAULT_DATASET, ...init }
  assert(shape.files > 0 && shape.epochs > 0 && shape.processes > 0, 'a dataset of nothing')
  const draws = shape.order === 'zipf' ? new ZipfDraws(shape) : new Shuffles(shape, nodes)
  const files = Math.min(shape.files, shape.epochs * draws.perNode)
  return {
    name: 'dataset',
    description:
      `${shape.epochs} epochs over ${shape.files} files of ${shape.bytesAFile} bytes, ` +
      `${shape.order}, ${shape.processes} processes a node`,
    build(tree) {
      for (let i = 0; i < shape.files; i++) {
        tree.makeFile(datasetPath(i, shape), { size: shape.bytesAFile })
      }
    },
    processesANode: shape.processes,
    *steps(process): Iterable<Step> {
      for (const index of draws.of(process)) {
        const path = datasetPath(index, shape)
        yield { kind: 'read', path, from: 0, length: shape.bytesAFile }
        yield { kind: 'think', ms: shape.thinkMs * between(process.random, 0.8, 1.2) }
      }
    },
    bytesANode: files * shape.bytesAFile,
    filesANode: files,
    stepsAProcess: Math.ceil((draws.perNode * shape.epochs) / shape.processes),
  }
}

/** Where the file of this number lies. */
export function datasetPath(
  index: number,
  { filesADirectory }: Pick<DatasetShape, 'filesADirectory'>,
): string {
  const directory = Math.floor(index / filesADirectory)
  return `train/part-${directory}/sample-${index}.rec`
}

/** Which files a process reads, in order, all epochs one after another. */
type Draws = {
  /** Files that one node reads in an epoch, about. */
  readonly perNode: number
  of(process: Process): Iterable<number>
}

class Shuffles implements Draws {
  readonly perNode: number
  readonly #shape: DatasetShape
  readonly #nodes: number

  constructor(shape: DatasetShape, nodes: number) {
    this.#shape = shape
    this.#nodes = nodes
    this.perNode = Math.ceil(shape.files / nodes)
  }

  *of({ node, index }: Process): Iterable<number> {
    const { files, epochs, processes } = this.#shape
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permute = permutation(files, new SeededRandom(`epoch ${epoch}`))
      const stride = this.#nodes * processes
      for (let at = node * processes + index; at < files; at += stride) yield permute(at)
    }
  }
}

class ZipfDraws implements Draws {
  readonly perNode: number
  readonly #shape: DatasetShape
  /** The share of all draws that go to file k or one before it. */
  readonly #shares: Float64Array
  readonly #permute: (index: number) => number

  constructor(shape: DatasetShape) {
    this.#shape = shape
    this.perNode = shape.drawsANode
    this.#shares = new Float64Array(shape.files)
    let sum = 0
    for (let k = 0; k < shape.files; k++) {
      sum += 1 / (k + 1) ** shape.exponent
      this.#shares[k] = sum
    }
    for (let k = 0; k < shape.files; k++) this.#shares[k] = (this.#shares[k] as number) / sum
    // Wanted files lie all over the tree, not in its first directory.
    this.#permute = permutation(shape.files, new SeededRandom('zipf'))
  }

  *of({ random, index }: Process): Iterable<number> {
    const { drawsANode, epochs, processes } = this.#shape
    for (let at = index; at < drawsANode * epochs; at += processes) {
      yield this.#permute(this.#rank(random))
    }
  }

  #rank(random: Random): number {
    const share = random.next()
    let low = 0
    let high = this.#shares.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#shares[middle] as number) < share) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A one-to-one function on [0, count): four rounds of a Feistel cipher, walked until in range. */
export function permutation(count: number, random: Random): (index: number) => number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, count)) / 2))
  const half = 2 ** halfBits
  const keys = Array.from({ length: 4 }, () => Math.floor(random.next() * 2 ** 32))
  const mix = (value: number, key: number) => {
    let word = Math.imul(value ^ key, 0x9e3779b1)
    word = Math.imul(word ^ (word >>> 15), 0x85ebca77)
    return (word ^ (word >>> 13)) & (half - 1)
  }
  return (index) => {
    assert(index >= 0 && index < count, `${index} is not below ${count}`)
    let at = index
    do {
      let [left, right] = [Math.floor(at / half), at % half]
      for (const key of keys) [left, right] = [right, left ^ mix(right, key)]
      at = left * half + right
    } while (at >= count)
    return at
  }
}
