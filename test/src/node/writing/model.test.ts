// Random programs on three peers, and a file system in memory that knows nothing of meshes: whatever is
// asked, both must answer the same, though messages are lost, late and out of order, and nodes die.
//
// The programs take turns, and who comes next waits until it has heard of what the others did: so there is
// one right answer to everything. What happens at the same time is in random.test.ts.
// `npm run model` runs thousands.
import test from 'ava'
import fc from 'fast-check'
import { play, turns, WEATHERS } from './play.ts'

const RUNS = Number(process.env['POTLUCK_MODEL_RUNS'] ?? 100)
const SEED = Number(process.env['POTLUCK_MODEL_SEED'] ?? 1)

for (const weather of WEATHERS) {
  test(`three peers answer as one file system does: ${weather.name}`, async (t) => {
    const property = fc.asyncProperty(turns, fc.boolean(), (all, isEverywhere) =>
      play(weather, all, isEverywhere),
    )
    await t.notThrowsAsync(fc.assert(property, { numRuns: RUNS, seed: SEED }))
  })
}
