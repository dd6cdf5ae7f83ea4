// What tests may leave behind: mounts, processes and files. Found by what this run alone has, its
// temporary folder and its mark in the environment, so that other runs on the machine do not matter.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { addCounts, type Counts, noCounts, reportCheck } from './counts.ts'

export type Run = { readonly folder: string; readonly mark: string }

/** What was killed takes a moment to go on a machine that is busy. */
const DYING_MS = 2_000

/** Three checks: nothing mounted, nothing running, no files. */
export async function findLeftovers(run: Run): Promise<Counts> {
  const counts = noCounts()
  if (processesOf(run).length > 0) await sleep(DYING_MS)
  addCounts(counts, reportCheck('no mounts left behind', mountsOf(run)))
  const processes = processesOf(run).map(({ pid, command }) => `${pid} ${command}`)
  addCounts(counts, reportCheck('no processes left behind', processes))
  addCounts(counts, reportCheck('no temporary files left behind', readdirSync(run.folder)))
  return counts
}

/** Ends and unmounts what is left, so that a failed run does not spoil the next one. */
export async function removeLeftovers(run: Run): Promise<void> {
  const processes = processesOf(run)
  for (const { pid } of processes) endProcess(pid)
  if (processes.length > 0) await sleep(500)
  for (const mount of mountsOf(run).toReversed()) {
    execFileSync('umount', ['--lazy', mount], { stdio: 'inherit' })
  }
}

/** The places where something is mounted beneath the run's folder, as the kernel writes them. */
export function mountsOf(run: Run): string[] {
  const places = readText('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  return places.filter((place) => place.startsWith(`${run.folder}/`))
}

/** Living processes that carry the run's mark, this one not among them. */
export function processesOf(run: Run): { pid: number; command: string }[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids
    .filter((pid) => pid !== process.pid)
    .filter((pid) => readText(`/proc/${pid}/environ`).split('\0').includes(run.mark))
    .map((pid) => ({ pid, command: readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .filter(({ command }) => command !== '')
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** '' where the process is gone, or another user's. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
