import { type Checker, nameOf } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'

type Seen = { readonly generation: number; readonly endMs: number }

/** A node that has shown a program a state of a file shows no older one to a later read. */
export function neverBack(history: History): Checker {
  /** By life and inode, generations rising: of reads at the same time either may end first. */
  const seen = new Map<string, Seen[]>()
  let say: (what: string) => void
  return {
    name: 'never-back',
    begin: (_, report) => void (say = report),
    read: (read) => {
      if (read.outcome !== 'read') return
      const state = history.stateOf(read.path, read.bytes)
      if (state === undefined) return
      const { generation, inode } = state
      const key = `${read.node.index} ${read.epoch} ${inode}`
      const known = seen.get(key) ?? []
      const newest = known.findLast(({ endMs }) => endMs < read.startMs)
      if (newest !== undefined && generation < newest.generation) {
        const what = `generation ${generation} of ${read.path} after ${newest.generation}`
        say(`${nameOf(read)} read ${what}`)
      }
      if (generation <= (known.at(-1)?.generation ?? 0)) return
      seen.set(key, [...known.slice(-3), { generation, endMs: read.endMs }])
    },
  }
}
