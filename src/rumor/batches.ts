import type { Invalidation } from '../ports/messages.ts'
import { invalidationBytes } from './publisher-log.ts'

const MAX_IN_RUMOR = 256
/** Half of what one message over gossip may have. */
const MAX_RUMOR_BYTES = 256 * 1024

/** How many of these go into one rumor, at least one. */
export function countThatFits(invalidations: readonly Invalidation[]): number {
  let bytes = 0
  const most = Math.min(MAX_IN_RUMOR, invalidations.length)
  for (let count = 0; count < most; count++) {
    bytes += invalidationBytes(invalidations[count] as Invalidation)
    if (bytes > MAX_RUMOR_BYTES) return Math.max(1, count)
  }
  return most
}
