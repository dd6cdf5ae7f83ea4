import type { Inode } from '../../src/ports/messages.ts'
import { type Checker, nameOf, type Who } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'

type News = { readonly atMs: number; readonly toldMs: number }

/** The newest pieces of news of one inode: a read looks at those from before it began. */
const NEWS_KEPT = 64
/** A stamp counts milliseconds, and changes within one can't be told apart by it. */
const SLACK_MS = 1
const EVERYTHING = '*'

/** No read is older than an invalidation that its node had taken in when the read began. */
export function heedsNews(history: History): Checker {
  const heard = new Map<string, News[]>()
  let say: (what: string) => void
  let now: () => number
  const newestBefore = (who: Who, inode: Inode, startMs: number): number => {
    const all = [inode, EVERYTHING].flatMap((each) => heard.get(keyOf(who, each)) ?? [])
    const known = all.filter(({ atMs }) => atMs < startMs).map(({ toldMs }) => toldMs)
    return Math.max(-Infinity, ...known)
  }
  return {
    name: 'heeds-news',
    begin: (world, report) => {
      say = report
      now = () => world.clock.elapsedMs
    },
    acknowledged: (who, inode, toldMs) => {
      const known = heard.get(keyOf(who, inode)) ?? []
      known.push({ atMs: now(), toldMs })
      heard.set(keyOf(who, inode), known.slice(-NEWS_KEPT))
    },
    read: (read) => {
      if (read.outcome !== 'read') return
      let wrong: string | undefined
      // What looks like several states may have been any of them: nobody is accused wrongly.
      for (const state of history.statesLike(read.path, read.bytes)) {
        const toldMs = newestBefore(read, String(state.inode), read.startMs)
        const lateMs = Math.round(toldMs - SLACK_MS - state.untilMs)
        if (lateMs <= 0) return
        wrong ??= `generation ${state.generation} of ${read.path}, over for ${lateMs} ms`
      }
      if (wrong !== undefined) say(`${nameOf(read)} read ${wrong} when it was told so`)
    },
  }
}

function keyOf({ node, epoch }: Who, inode: Inode): string {
  return `${node.index} ${epoch} ${inode}`
}
