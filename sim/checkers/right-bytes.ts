import type { Checker } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'

/** Every byte read is what the source held at one moment: never other bytes, never a mixture. */
export function rightBytes(history: History): Checker {
  let say: (what: string) => void
  return {
    name: 'right-bytes',
    begin: (_, report) => void (say = report),
    read: (read) => {
      if (read.outcome !== 'read' || history.stateOf(read.path, read.bytes) !== undefined) return
      say(`node ${read.node.index} read ${read.bytes.length} bytes of ${read.path} that never were`)
    },
  }
}
