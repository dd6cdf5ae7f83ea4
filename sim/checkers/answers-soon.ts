import type { World } from '../world.ts'
import { type Checker, nameOf, type Phase, type ProgramRead } from '../watch/checker.ts'

export type AnswersSoonInit = {
  /** While faults go on: a few silences, one after another. */
  readonly whileFaultsMs: number
  /** When they are over and forgotten. */
  readonly whenHealthyMs: number
}

/**
 * Every read of a living node ends, with bytes or an error; and once faults are over and forgotten,
 * with bytes, and soon.
 */
export function answersSoon(init: AnswersSoonInit): Checker {
  let under = 0
  let phase: Phase = 'faults'
  let world: World
  let say: (what: string) => void
  const judge = (read: ProgramRead) => {
    const tookMs = Math.round(read.endMs - read.startMs)
    const isHealthy = phase === 'healthy'
    const boundMs = isHealthy ? init.whenHealthyMs : init.whileFaultsMs
    const which = `${nameOf(read)}: a read of ${read.path}`
    if (tookMs > boundMs) say(`${which} took ${tookMs} ms; the bound is ${boundMs}`)
    else if (isHealthy && read.outcome === 'failed') {
      say(`${which} failed though all is well: ${String(read.error)}`)
    }
  }
  return {
    name: 'answers-soon',
    begin: (begun, report) => void ([world, say] = [begun, report]),
    phase: (now) => void (phase = now),
    reading: () => void (under += 1),
    read: (read) => {
      under -= 1
      if (!(read.outcome === 'failed' && read.code === 'CLOSED')) judge(read)
    },
    listed: (list) => {
      if (phase !== 'healthy' || list.outcome !== 'failed' || list.code === 'CLOSED') return
      say(`${nameOf(list)}: ${list.path} can't be listed though all is well: ${String(list.error)}`)
    },
    quiet: () => {
      if (under > 0) say(`${under} reads have not ended at ${Math.round(world.clock.elapsedMs)} ms`)
    },
  }
}
