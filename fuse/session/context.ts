// What the operations of a session have in common.
import type { Reply } from '../protocol/reply.ts'
import { ERRNO } from '../protocol/errno.ts'
import type { Volume } from '../../src/volume/volume.ts'
import type { Handles } from './handles.ts'
import type { References } from './references.ts'

export type Context = {
  readonly volume: Volume
  readonly references: References
  readonly handles: Handles
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
