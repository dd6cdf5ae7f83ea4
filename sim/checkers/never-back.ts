import type { Checker } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'
import { registers } from './writing/registers.ts'

/** A node that has shown a program a state of a file, or of a name, shows no older one to a later read. */
export function neverBack(history: History): Checker {
  return registers({
    name: 'never-back',
    history,
    scopeOf: ({ node, epoch }) => `${node.index} ${epoch}`,
    knows: { changes: false, reads: true },
  })
}
