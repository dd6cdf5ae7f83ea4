// A process that says something large and is gone: what `say.test.ts` forks.
import { say } from '../../../../../peers/commands/sim/process/say.ts'

process.once('message', async () => {
  await say({ finishes: Array.from({ length: 200_000 }, (_, i) => i + 0.123456789) })
  process.disconnect()
})
