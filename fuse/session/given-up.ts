// Whether the program behind an interrupted request really wants to be let go. The kernel tells of
// *any* signal that the program catches: a timer, a child that ended, a runtime's own preemption.
// A stat(2) that fails with EINTR because of one of those breaks programs which work on any disk.
// So a request is given up for signals that mean "stop", as NFS does, and not for the rest.
import { readFileSync } from 'node:fs'

/** SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM: bit n - 1 for signal n. A fatal signal is a SIGKILL. */
const STOPPING = [1, 2, 3, 9, 15].reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n)

/** Whether any of the signals that wait for a thread, as its /proc status tells, means "stop". */
export function isStopping(status: string): boolean {
  for (const [, mask] of status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)) {
    if ((BigInt(`0x${mask}`) & STOPPING) !== 0n) return true
  }
  return false
}

/**
 * @param pid the thread id of the request; 0 when it is in a PID namespace that we can't see
 * @returns true also when the program can't be looked at: it then gets what it asked for
 */
export function hasGivenUp(pid: number): boolean {
  if (pid === 0) return true
  try {
    return isStopping(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return true
  }
}
