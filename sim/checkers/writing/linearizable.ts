import type { Checker } from '../../watch/checker.ts'
import type { History } from '../../watch/history.ts'
import { registers } from './registers.ts'

/**
 * All nodes together are as one: who begins to read after a change was acknowledged to anybody, or was
 * seen by anybody, sees it. Of each inode and each name; this is what `--coherence strict` promises.
 */
export function linearizable(history: History): Checker {
  return registers({
    name: 'linearizable',
    history,
    scopeOf: () => 'all',
    knows: { changes: true, reads: true },
  })
}
