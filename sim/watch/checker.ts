// Checkers watch a whole run, from inside: every message a node handles, every file a program reads,
// every invalidation a node takes in. Each holds one promise of the mesh, in a file of its own, and
// has a canary in the tests: a mesh broken on purpose that this checker must catch.
//
// A checker must never change what it watches, neither its time nor its randomness, and it keeps no
// more than it needs: a run may have tens of thousands of nodes.
import type { NodeGauges } from '../../src/node/gauges.ts'
import type { ErrorCode } from '../../src/base/errors.ts'
import type { Attributes, Inode, Name, Path } from '../../src/ports/messages.ts'
import type { World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { FileState } from './history.ts'

/** `queuedBytes`: replies accepted for sending and still here. */
export type Load = NodeGauges & { readonly queuedBytes: number }

/** One life of one node, which is what promises of "never again" are made by. */
export type Who = { readonly node: WorldNode; readonly epoch: number }

/** A program has read a whole file, or has failed to. */
export type ProgramRead = Who & {
  readonly path: Path
  readonly startMs: number
  readonly endMs: number
  /** Through a handle, open since then: what its name means now is no matter. */
  readonly openedMs: number | undefined
} & (
    | { readonly outcome: 'read'; readonly bytes: Uint8Array; readonly state?: FileState }
    | { readonly outcome: 'absent' }
    | { readonly outcome: 'failed'; readonly code: ErrorCode; readonly error: unknown }
  )

/** A program's change has been answered, or has failed. */
export type ProgramChange = Who & {
  readonly startMs: number
  readonly endMs: number
  /** What it made of a file; undefined where that can't be told, or was not made for sure. */
  readonly state: FileState | undefined
  /** Each name that it made lead elsewhere, and which of the name's bindings that is. */
  readonly names: readonly { readonly path: Path; readonly index: number }[]
}

/** A program has read a file under a lock that excludes all others, and that it has all the time. */
export type LockedRead = Who & {
  readonly path: Path
  readonly inode: Inode
  readonly lockedMs: number
  readonly endMs: number
  readonly bytes: Buffer
}

/** A program has listed a directory, and looked at all that is in it, or has failed to. */
export type ProgramList = Who & { readonly path: Path } & (
    | { readonly outcome: 'listed'; readonly entries: ReadonlyMap<Name, Attributes | undefined> }
    | { readonly outcome: 'failed'; readonly code: ErrorCode; readonly error: unknown }
  )

export type Violation = {
  readonly checker: string
  /** Elapsed virtual milliseconds. */
  readonly atMs: number
  readonly what: string
}

export type Phase =
  /** Faults go on. */
  | 'faults'
  /** They are over, but what they did may still be felt. */
  | 'recovery'
  /** Nothing may be felt any more. */
  | 'healthy'

/** What a checker is told; each takes part in what it needs. All times in elapsed milliseconds. */
export type Checker = {
  readonly name: string
  /** Says what is wrong, in a sentence that names the node and the values. */
  begin?(world: World, say: (what: string) => void): void
  phase?(phase: Phase): void
  /** A read is about to begin. */
  reading?(who: Who, path: Path): void
  read?(read: ProgramRead): void
  changed?(change: ProgramChange): void
  lockedRead?(read: LockedRead): void
  listed?(list: ProgramList): void
  /** A node has just handled, or been answered, a message. */
  busy?(who: Who, load: Load): void
  /** A node sends one. */
  sent?(node: WorldNode): void
  /** From this moment on a life of a node knows that what ended before `toldMs` is out of date. */
  acknowledged?(who: Who, inode: Inode, toldMs: number): void
  /** Nobody does anything any more, and all nodes still run. */
  quiet?(): void
  /** All nodes were told to stop, and have. */
  stopped?(): void
}

export function nameOf({ node, epoch }: Who): string {
  return epoch === 1 ? `node ${node.index}` : `node ${node.index} (life ${epoch})`
}
