// `potluck sim crash`: seed after seed of crashes of the log, and what each seed found wrong. Its seeds
// are no nodes and no network, so it lies apart from the runs of a mesh. It must fail where a single
// seed broke a promise, whatever the others did.
import { runCrashes } from '../../../../sim/crash/log-run.ts'
import { runStoreCrashes } from '../../../../sim/crash/store-run.ts'
import { parseSeeds } from '../../../../sim/swarm/seeds.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import { usageError } from '../../exit-codes.ts'
import { formatBytes, formatCount } from '../../options/quantities.ts'
import { progressBar } from '../../progress.ts'
import type { Terminal } from '../../terminal.ts'

const COUNTED = ['commits', 'refused', 'failed', 'zonesCollected', 'cutBytes', 'scanned'] as const
const NOTHING = { commits: 0, refused: 0, failed: 0, zonesCollected: 0, cutBytes: 0, scanned: 0 }

export type CrashFlags = { readonly seeds: string }

/** @throws PotluckError where a promise was broken, CommanderError for flags that say nothing */
export async function runCrash({ seeds: given }: CrashFlags, terminal: Terminal): Promise<void> {
  const seeds = seedsOf(given)
  const total = { seeds: 0, swaps: 0, ...NOTHING }
  const broken: number[] = []
  const bar = progressBar(terminal, 'crashes of the log')
  try {
    for (const seed of seeds) {
      if (terminal.interrupted.aborted) break
      const { problems: ofLog, ...result } = await runCrashes({ seed })
      const store = await runStoreCrashes(seed)
      const problems = [...ofLog, ...store.problems]
      total.swaps += store.swaps
      total.seeds += 1
      for (const name of COUNTED) {
        total[name] += result[name]
      }
      bar.update(total.seeds, seeds.length, `${total.seeds} of ${seeds.length} seeds`)
      if (problems.length === 0) continue
      broken.push(seed)
      terminal.out(`seed ${seed}: ${problems[0]}\n`)
    }
  } finally {
    bar.stop()
  }
  terminal.out(
    `${total.seeds} seeds: ${formatCount(total.commits)} commits, ${total.refused} refused, ` +
      `${total.failed} failed; ${formatCount(total.zonesCollected)} zones collected; ` +
      `${total.scanned} zones without a summary after a crash, ` +
      `${formatBytes(total.cutBytes)} of torn tails cut off; ` +
      `${formatCount(total.swaps)} swaps over shards\n`,
  )
  if (broken.length === 0) return
  throw new PotluckError('EIO', `${broken.length} seeds failed: ${broken.join(', ')}`)
}

function seedsOf(text: string): readonly number[] {
  try {
    return parseSeeds(text)
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message)
    throw error
  }
}
