// `potluck sim soak`: an object store at work for hours of virtual time, and what it holds at the end
// of each minute. It must fail where anything was above its limit, grew, or was lost.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { mostOf, namesOf, type SampleName } from '../../../../sim/soak/sample.ts'
import { type Minute, Soak } from '../../../../sim/soak/soak.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import { formatBytes, formatCount } from '../../options/quantities.ts'
import { progressBar } from '../../progress.ts'
import { renderTable } from '../../table.ts'
import type { Terminal } from '../../terminal.ts'

export type SoakFlags = {
  readonly minutes: number
  readonly operations: number
  readonly seed: number
  readonly json?: boolean
}

const PROBLEMS_SHOWN = 5

/** @throws PotluckError where something grew, was above its limit, or was lost */
export async function runSoak(flags: SoakFlags, terminal: Terminal): Promise<void> {
  const { minutes, operations, seed } = flags
  const each = Math.ceil(operations / minutes)
  const soak = new Soak({ seed, minutes, operations: each, heapBytes: heapMeasure() })
  const bar = progressBar(terminal, 'object store')
  try {
    for await (const { seconds, minute } of soak.run()) {
      const done = `minute ${Math.ceil(seconds / 60)} of ${minutes}`
      bar.update(seconds, minutes * 60, `${formatCount(soak.operations)} operations, ${done}`)
      if (minute !== undefined && flags.json === true) tellMinute(soak, minute, terminal)
      if (terminal.interrupted.aborted) break
    }
  } finally {
    bar.stop()
  }
  if (flags.json !== true) terminal.out(summaryOf(soak))
  if (soak.problems.length === 0) return
  const shown = soak.problems.slice(0, PROBLEMS_SHOWN).join('; ')
  throw new PotluckError('EIO', `${soak.problems.length} problems, seed ${seed}: ${shown}`)
}

/** Bytes in use of the heap, once what is not used is gone. */
function heapMeasure(): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return () => {
    collect()
    return process.memoryUsage().heapUsed
  }
}

function tellMinute({ minutes, operations, problems }: Soak, known: Minute, to: Terminal): void {
  to.out(`${JSON.stringify({ minute: minutes.length, operations, ...known, problems })}\n`)
}

function summaryOf({ minutes, operations, crashes, closings, problems, limits }: Soak): string {
  const counts =
    `${formatCount(operations)} operations in ${minutes.length} virtual minutes, ` +
    `${crashes} crashes, ${closings} times closed and opened; ${problems.length} problems\n`
  const [first, last] = [minutes[0], minutes.at(-1)]
  if (first === undefined || last === undefined) return counts
  const atWork = mostOf(minutes.map((minute) => minute.atWork))
  const atRest = mostOf(minutes.map((minute) => minute.atRest))
  const rows = namesOf(atRest).map((name) => {
    const text = (value?: number): string => (value === undefined ? '' : format(name, value))
    const isMeasured = limits.atWork[name] !== undefined
    const work = isMeasured ? [text(atWork[name]), text(limits.atWork[name])] : ['', '']
    const ends = [text(first.atRest[name]), text(last.atRest[name])]
    return [name, ...work, ...ends, text(atRest[name]), text(limits.atRest[name])]
  })
  const full = (last.fullShare * 100).toFixed(0)
  const head = ['', 'at work, most', 'limit', 'at rest, first', 'last', 'most', 'limit']
  return `${renderTable(head, rows)}${counts}${full} % of what may live was live at the end\n`
}

function format(name: SampleName, value: number): string {
  return name.endsWith('Bytes') ? formatBytes(value) : formatCount(value)
}
