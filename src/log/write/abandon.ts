import { codeOf } from '../../base/errors.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { SECTOR_BYTES } from '../format/layout.ts'
import type { Batch } from './batch.ts'
import type { Syncer } from './syncer.ts'

/**
 * Sees to it that what is left on the disk of a batch that failed is not taken for one that comes
 * later: its head is wiped, and its number is never used again. Where it can't be wiped, nothing may
 * be called durable that comes behind it. On a full disk, what can't be wiped was never there.
 */
export async function abandon(
  batch: Batch,
  number: number,
  { file, syncer }: { readonly file: DiskFile; readonly syncer: Syncer },
): Promise<void> {
  const failure = await file.write(batch.headPlace, new Uint8Array(SECTOR_BYTES)).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure !== undefined && codeOf(failure) !== 'ENOSPC') {
    syncer.giveUp('the disk failed to write twice', failure)
    return
  }
  syncer.wrote(number)
  // A failure is remembered there, and nothing is written any more.
  await syncer.syncAll().catch(() => {})
}
