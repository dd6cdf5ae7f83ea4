// A cold `import torch` on every node: many small files opened one after another by each of several
// processes, names that are not there, and a few large shared objects of which the loader touches a
// part. Counts as published for Copper on Aurora: 1,404 files used of 20,625 in 1,757 directories,
// 325 directories touched, 555 missing probes, 36.6 MB in files of at most 10 MB, 12 processes a node.
//
// Not published, and chosen: sizes (log-normal), the large objects and what of them is touched, the
// order (package by package, interleaved a little), and the program's own time between two files.
import type { Step, Workload } from '../program/workload.ts'
import { between } from '../engine/draws.ts'
import { DEFAULT_IMPORT_TREE, drawImportTree, type ImportTreeShape } from './import-tree.ts'

export type ImportShape = ImportTreeShape & {
  readonly processes: number
  /** The program's own work after each file, at the median. A warm import takes 1.5 to 3 s. */
  readonly thinkMs: number
  /** Two processes think the same only to this share. */
  readonly thinkSpread: number
}

export const DEFAULT_IMPORT: ImportShape = {
  ...DEFAULT_IMPORT_TREE,
  processes: 12,
  thinkMs: 1,
  thinkSpread: 0.2,
}

export function importing(init: Partial<ImportShape> = {}): Workload {
  const shape = { ...DEFAULT_IMPORT, ...init }
  const drawn = drawImportTree(shape)
  const { calls } = drawn
  return {
    name: 'import',
    description:
      `${drawn.filesRead} files of ${drawn.files.length} in ${shape.directories} directories, ` +
      `${shape.probes} absent names, ${drawn.bytesRead} bytes, ${shape.processes} processes a node`,
    build(tree) {
      for (const path of drawn.directories) tree.makeDirectory(path)
      for (const { path, size } of drawn.files) tree.makeFile(path, { size })
    },
    processesANode: shape.processes,
    steps: ({ random }) => {
      const think = () => shape.thinkMs * (1 + shape.thinkSpread * between(random, -1, 1))
      return { [Symbol.iterator]: () => new Walk(calls, think) }
    },
    bytesANode: drawn.bytesRead,
    filesANode: drawn.filesRead,
    stepsAProcess: calls.length,
  }
}

type Call = Exclude<Step, { kind: 'think' }>

/**
 * The calls in order, a thought behind each read. What a generator would say in four lines, without
 * its objects: a large world takes hundreds of millions of these steps.
 */
class Walk implements Iterator<Step> {
  readonly #calls: readonly Call[]
  readonly #think: () => number
  readonly #thought = { kind: 'think' as const, ms: 0 }
  readonly #step: { done: false; value: Step } = { done: false, value: this.#thought }
  #at = 0
  #isThinking = false

  constructor(calls: readonly Call[], think: () => number) {
    this.#calls = calls
    this.#think = think
  }

  /** What it returns is good until it is called again. */
  next(): IteratorResult<Step> {
    if (this.#isThinking) {
      this.#isThinking = false
      this.#thought.ms = this.#think()
      this.#step.value = this.#thought
      return this.#step
    }
    const call = this.#calls[this.#at++]
    if (call === undefined) return { done: true, value: undefined }
    this.#isThinking = call.kind === 'read'
    this.#step.value = call
    return this.#step
  }
}
