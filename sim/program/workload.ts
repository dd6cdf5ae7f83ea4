// What programs do, as data: a workload is a tree on the storage and, for each process of each node, the
// steps it takes one after another. It knows nothing of how bytes arrive, so that the mesh and every
// baseline run the very same steps; `Access` is the one seam between the two.
import type { Attributes, Name, Path } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'
import type { SimTree } from '../storage/tree.ts'

export type Step =
  /** The program's own work between two calls. */
  | { readonly kind: 'think'; readonly ms: number }
  /** Asks for a path that may be absent: both are answers. */
  | { readonly kind: 'stat'; readonly path: Path }
  | { readonly kind: 'list'; readonly path: Path }
  /** Opens the file, reads this range of it in order, closes it. */
  | { readonly kind: 'read'; readonly path: Path; readonly from: number; readonly length: number }

/** One process: `index` counts the processes of its node from 0. */
export type Process = { readonly node: number; readonly index: number; readonly random: Random }

export type Workload = {
  readonly name: string
  /** One line: what the numbers were taken from. */
  readonly description: string
  /** Puts the tree on the storage; the same tree each time. */
  build(tree: SimTree): void
  readonly processesANode: number
  /** Drawn lazily: nothing is kept per step of all nodes. */
  steps(process: Process): Iterable<Step>
  /** Distinct bytes that one node reads, for the bounds. */
  readonly bytesANode: number
  /** Distinct files that one node reads, one after another, for the latency-chain bound. */
  readonly filesANode: number
  /** Steps of one process besides `think`, about, for a progress bar. */
  readonly stepsAProcess: number
}

export type AccessOptions = { readonly signal?: AbortSignal }

/** What the kernel must forget. */
export type News =
  /** Whether the name is there, what it means, its attributes; of a directory, all below it, too. */
  | { readonly type: 'name'; readonly path: Path }
  /** Attributes, and with `data` the cached pages, too. */
  | { readonly type: 'inode'; readonly path: Path; readonly data: boolean }
  | { readonly type: 'everything' }

/** How the kernel of one node gets at the tree: through the mesh, or by a baseline's way. */
export type Access = {
  /** @returns undefined where the name is absent */
  stat(path: Path, options?: AccessOptions): Promise<Attributes | undefined>
  list(path: Path, options?: AccessOptions): Promise<readonly Name[]>
  /** @returns the bytes in order; fewer than asked for only at the file's end */
  read(
    path: Path,
    range: { readonly from: number; readonly length: number },
    options?: AccessOptions,
  ): Promise<readonly Uint8Array[]>
  /** Until when what `stat` said may be believed, in elapsed milliseconds. @default for ever */
  believedUntilMs?(path: Path): number
  /** Tells what is no longer so; the function returned ends it. @default nothing is ever told */
  subscribe?(listener: (news: News) => void): () => void
  /** No program of the node runs any more: files are closed. */
  close?(): void
}
