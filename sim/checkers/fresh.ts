import { SKEW_MS } from '../../src/block/stamp.ts'
import { type Checker, nameOf, type ProgramRead } from '../watch/checker.ts'
import type { FileState, History, Interval } from '../watch/history.ts'

/** A page is read from the source a little before its stamp's millisecond is over. */
const SLACK_MS = 2

export type FreshInit = {
  readonly history: History
  /** Nothing older than this may be read, whoever was told of what. */
  readonly revalidateMs: number
  /** How far clocks are apart: what a slow one calls new is older. @default 0 */
  readonly skewMs?: number
}

/** No read shows what was out of date for longer than a revalidation period when it began. */
export function fresh({ history, revalidateMs, skewMs = 0 }: FreshInit): Checker {
  let say: (what: string) => void
  return {
    name: 'fresh',
    begin: (_, report) => void (say = report),
    read: (read) => {
      // An open file is looked at again twice a period; one opened just now is as fresh as its name.
      const sinceMs = Math.max(read.startMs - revalidateMs / 2, read.openedMs ?? -Infinity)
      const fromMs = (read.openedMs === undefined ? read.startMs : sinceMs) - revalidateMs
      // What is read after news is stamped as late as the news may be, by the slowest clock.
      const slackMs = SLACK_MS + skewMs + SKEW_MS
      const during = { fromMs: fromMs - slackMs, toMs: read.endMs }
      const problem = problemOf(history, read, during)
      if (problem !== undefined) say(`${nameOf(read)} read ${read.path}: ${problem}`)
    },
  }
}

function problemOf(history: History, read: ProgramRead, during: Interval): string | undefined {
  if (read.outcome === 'absent') {
    return history.wasAbsent(read.path, during)
      ? undefined
      : 'absent, and it was there all the time'
  }
  if (read.outcome === 'failed') return undefined
  let problem: string | undefined
  // What looks like several states may have been any of them: nobody is accused wrongly.
  for (const state of history.statesLike(read.path, read.bytes)) {
    const problemOfThis = problemOfState(history, read, { during, state })
    if (problemOfThis === undefined) return undefined
    problem ??= problemOfThis
  }
  return problem
}

function problemOfState(
  history: History,
  read: ProgramRead,
  { during, state }: { readonly during: Interval; readonly state: FileState },
): string | undefined {
  const lateMs = Math.round(during.fromMs - state.untilMs)
  if (lateMs > 0) return `generation ${state.generation}, ${lateMs} ms too old`
  const isNamed =
    read.openedMs !== undefined || history.inodesAt(read.path, during).includes(state.inode)
  return isNamed ? undefined : `inode ${state.inode}, which had lost that name too long ago`
}
