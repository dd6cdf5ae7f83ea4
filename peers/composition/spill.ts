import type { Log } from '../../src/base/log.ts'
import { LEAST_LOG_BYTES, layoutFor } from '../../src/log/format/layout.ts'
import { openLog } from '../../src/log/log.ts'
import { LogSpill } from '../../src/log/spill.ts'
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import { DirectoryDisk } from '../disk/directory-disk.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'

export type SpillSettings = { readonly directory: string; readonly sizeBytes: number }

/**
 * Opens what a node keeps on its local disk; `acquired` closes it.
 *
 * @throws PotluckError EINVAL (too small, or made with another size), EBUSY (another peer's), CORRUPT
 */
export async function openSpill(
  settings: SpillSettings | undefined,
  acquired: AsyncDisposableStack,
  say: Log,
): Promise<LogSpill | undefined> {
  if (settings === undefined) return undefined
  const { directory, sizeBytes } = settings
  if (sizeBytes < LEAST_LOG_BYTES) {
    throw new PotluckError('EINVAL', `--spill-size: ${LEAST_LOG_BYTES} bytes are the least`)
  }
  const log = await openLog({
    disk: new DirectoryDisk(directory),
    clock: realClock,
    random: realRandom,
    say,
    name: 'spill.log',
    layout: layoutFor(Math.floor(sizeBytes / 4096) * 4096),
  }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PotluckError(codeOf(cause), `--spill: ${why}`, { cause })
  })
  const spill = new LogSpill(log)
  acquired.defer(async () => {
    await spill.settled()
    await log.close()
  })
  await spill.load()
  const { damaged, cutBytes, seconds } = log.report
  say('info', `${spill.blocks} blocks are on the local disk`, { damaged, cutBytes, seconds })
  return spill
}
