// Answers that crossed an invalidation. One that was begun before it may carry what it made
// obsolete, and would reach the kernel after the notify: so it is good for this one use only.
import type { Reply } from '../protocol/reply.ts'

/** The same reply, which the kernel must not remember. */
export function unbelievable(reply: Reply): Reply {
  if (reply.type === 'entry') return { type: 'entry', entry: { ...reply.entry, validMs: 0 } }
  if (reply.type === 'attributes') return { ...reply, validMs: 0 }
  return reply
}
