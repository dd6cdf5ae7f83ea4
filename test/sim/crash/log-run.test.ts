import test from 'ava'
import { runCrashes, runRot } from '../../../sim/crash/log-run.ts'

const SEEDS = 6
/**
 * They failed once: a zone wiped whose first batch was needed, a gap where a zone had been freed, a
 * deletion freed with its zone though it could not be moved, a batch behind one that is on the disk
 * by half, a batch cut off that was found again when the summary without it was lost, a record counted
 * dead twice because it was looked up between its writing and its taking back.
 */
const FOUND = [14, 54, 62, 88, 91, 458, 1231, 1888]

test('after every crash all that was durable is there, and nothing is half visible', async (t) => {
  const total = { commits: 0, refused: 0, failed: 0, zonesCollected: 0, cutBytes: 0, scanned: 0 }
  const seeds = [...Array.from({ length: SEEDS }, (_, i) => i + 1), ...FOUND]
  for (const seed of seeds) {
    const { problems, ...result } = await runCrashes({ seed })
    t.deepEqual(problems, [], `seed ${seed}`)
    for (const [name, count] of Object.entries(result)) {
      if (name in total) total[name as keyof typeof total] += count
    }
  }
  // What a crash is about must have happened.
  t.true(total.commits > SEEDS * 100, JSON.stringify(total))
  t.true(total.refused > 0 && total.failed > 0)
  t.true(total.zonesCollected > SEEDS * 10, JSON.stringify(total))
  t.true(total.cutBytes > 0 && total.scanned > SEEDS, JSON.stringify(total))
})

test('what rots is reported, and never given out', async (t) => {
  let damaged = 0
  for (let seed = 1; seed <= 12; seed++) {
    const result = await runRot(seed, 12)
    t.deepEqual(result.problems, [], `seed ${seed}`)
    damaged += result.damaged
  }
  t.true(damaged > 12, `${damaged} damaged records`)
})

test('a seed is a run', async (t) => {
  t.deepEqual(await runCrashes({ seed: 5, lives: 2 }), await runCrashes({ seed: 5, lives: 2 }))
})

test('the canary: a disk that lies about its syncs is noticed', async (t) => {
  let noticed = 0
  for (let seed = 1; seed <= 4; seed++) {
    const { problems } = await runCrashes({ seed, syncLies: 1 })
    if (problems.length > 0) noticed += 1
  }
  t.true(noticed >= 1, `${noticed} of 4 seeds`)
})
