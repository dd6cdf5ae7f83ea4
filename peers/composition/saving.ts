import type { Log } from '../../src/base/log.ts'
import { formatBytes } from '../commands/options/quantities.ts'

const EVERY_MS = 1_000

/** Says, at the end of a peer, what is not on the source yet: at once, and then once a second. */
export function savingProgress(log: Log): (bytes: number) => void {
  let saidMs = 0
  return (bytes) => {
    const now = Date.now()
    if (now - saidMs < EVERY_MS && bytes > 0) return
    saidMs = now
    log('info', `putting what was written on the source: ${formatBytes(bytes)} left`)
  }
}
