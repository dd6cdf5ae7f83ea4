// What the operations of a session have in common.
import type { Reply } from '../protocol/reply.ts'
import { ERRNO } from '../protocol/errno.ts'
import type { KernelInvalidation, Nodeid, Volume } from '../../src/volume/volume.ts'
import type { Call } from './calls.ts'
import type { Handles } from './handles.ts'
import type { LazyDirectories } from './lazy/lazy-directories.ts'
import type { LazyFiles } from './lazy/lazy-files.ts'
import type { OpenDirectories } from './reading/open-directories.ts'
import type { References } from './references.ts'
import type { Writing } from './writing/writing.ts'

/** Room for any reply but contents: the largest is a page of a directory. */
export const REPLY_BYTES = 256 * 1024

export type Context = {
  readonly volume: Volume
  readonly references: References
  readonly handles: Handles
  readonly directories: OpenDirectories
  /** Absent where the volume takes no changes. */
  readonly writing: Writing | undefined
  /** Has the kernel forget something. */
  readonly tellKernel: (invalidation: KernelInvalidation) => void
  /** Resolves when it has forgotten all that it was to forget before. */
  readonly whenForgotten: () => Promise<void>
  /** Whether the kernel has yet to drop an inode's pages, so that it can't have its attributes. */
  readonly isPending: (nodeid: Nodeid) => boolean
  /** Set where the kernel reads files that it did not open. */
  lazyFiles: LazyFiles | undefined
  /** Set where it lists directories that it did not open. */
  lazyDirectories: LazyDirectories | undefined
  /** The most bytes that a reply may have, apart from file contents. */
  readonly replyBytes: number
}

/** A reply that carries no more than an errno; 0 for "done". */
export function status(errno: number): Reply {
  return { type: 'status', errno }
}

export function failure(name: keyof typeof ERRNO): Reply {
  return status(ERRNO[name])
}

/**
 * The same reply, which the kernel must not remember. For answers that crossed an invalidation: one
 * that was begun before it may carry what it made obsolete, and would reach the kernel after the
 * notify. It is good for this one use.
 */
export function unbelievable(reply: Reply): Reply {
  if (reply.type === 'created') return { ...reply, entry: { ...reply.entry, validMs: 0 } }
  if (reply.type === 'entry') return { type: 'entry', entry: { ...reply.entry, validMs: 0 } }
  if (reply.type === 'attributes') return { ...reply, validMs: 0 }
  return reply
}

/** The inode whose attributes a reply carries, if it carries one's. */
export function toldOf(reply: Reply, { header }: Call): Nodeid | undefined {
  if (reply.type === 'attributes') return header.nodeid
  return reply.type === 'entry' || reply.type === 'created' ? reply.entry.nodeid : undefined
}
