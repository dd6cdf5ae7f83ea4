// Who reads through a mount, out of /proc: two small reads for each process that is new.
import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { Program, Programs } from '../../src/ports/programs.ts'

/** Of what /proc counts time in: 100 a second on all machines that Linux runs on today. */
const TICKS_A_SECOND = 100
const PROGRAM = /^\d+ \((.*)\) \S (\d+) (?:\S+ ){17}(\d+) /s

export const realPrograms: Programs = {
  of(pid: number): Program | undefined {
    try {
      const group = /^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
      const process = Number(group ?? pid)
      const stat = readFileSync(`/proc/${process}/stat`, 'latin1')
      const [, command = '', parent = '0', startTicks = '0'] = PROGRAM.exec(stat) ?? []
      const ageMs = (os.uptime() - Number(startTicks) / TICKS_A_SECOND) * 1000
      return { process, parent: Number(parent), command, ageMs: Math.max(0, ageMs) }
    } catch {
      // It has ended, or lives where we can't see it.
      return undefined
    }
  },
}
