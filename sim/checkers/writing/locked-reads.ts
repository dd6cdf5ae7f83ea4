import { type Checker, nameOf } from '../../watch/checker.ts'
import type { History } from '../../watch/history.ts'

/**
 * Who has a lock reads what the storage has while it has it, whoever wrote that, and however late the
 * rumor of it is: else it would write over what it has not seen.
 */
export function lockedReads(history: History): Checker {
  let say: (what: string) => void
  return {
    name: 'locked-reads',
    begin: (_, report) => void (say = report),
    lockedRead: (read) => {
      const { path, inode, lockedMs, endMs, bytes } = read
      const states = history.statesOf(Number(inode))
      const isNow = states.some((state) => {
        const { fromMs, untilMs } = state
        return untilMs >= lockedMs && fromMs <= endMs && history.bytesOf(state).equals(bytes)
      })
      if (!isNow) say(`${nameOf(read)} read '${bytes.toString()}' of ${path} under a lock: stale`)
    },
  }
}
