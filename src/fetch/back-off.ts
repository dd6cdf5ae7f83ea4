import type { StopSignal } from '../base/abort.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Counters } from '../base/counters.ts'
import { sleep } from '../base/time.ts'

/** So often those who are busy are asked again. */
export const BUSY_ROUNDS = 8
const BUSY_WAIT_MS = 10

export type BackOffPorts = {
  readonly clock: Clock
  readonly random: Random
  readonly counters: Counters
}

/** Waits, at random and longer each round, until whoever was busy has had time to become less so. */
export function backOff(ports: BackOffPorts, round: number, signal: StopSignal): Promise<void> {
  ports.counters.add('fetch_busy_rounds_total')
  const waitMs = BUSY_WAIT_MS * 2 ** round * (0.5 + ports.random.next())
  return sleep(ports.clock, waitMs, { signal })
}
