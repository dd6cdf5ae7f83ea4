import type { Checker } from '../../watch/checker.ts'
import type { History } from '../../watch/history.ts'
import { registers } from './registers.ts'

/** What a program has changed, programs of its node see: at once, and as long as the node lives. */
export function ownWrites(history: History): Checker {
  return registers({
    name: 'own-writes',
    history,
    scopeOf: ({ node, epoch }) => `${node.index} ${epoch}`,
    knows: { changes: true, reads: false },
  })
}
