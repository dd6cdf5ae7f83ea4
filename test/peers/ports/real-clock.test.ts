import { setTimeout as sleep } from 'node:timers/promises'
import { realClock } from '../../../peers/ports/real-clock.ts'
import { testClock } from '../../ports/clock-contract.ts'

// One more turn of the event loop, so that timers due together have all had theirs.
const pass = async (ms: number): Promise<void> => {
  await sleep(ms + 2)
  await sleep(1)
}

testClock('the real clock', () => ({ clock: realClock, pass }))
