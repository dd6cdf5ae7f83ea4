// Something is not where its directory's page has it: that page is out of date, whatever its age.
import type { Clock } from '../ports/clock.ts'
import { isAboutPath } from '../base/errors.ts'
import type { HybridClock } from '../block/stamp.ts'
import type { Floors } from '../rumor/floors.ts'
import type { InodeRecord } from './inode-record.ts'

/** However often something is missing, its directory is looked at again only once in this time. */
const SUSPECT_EVERY_MS = 1000

export type MisledInit = {
  readonly volume: string
  readonly clock: Clock
  readonly floors: Floors
  readonly stamps: HybridClock
}

/** The directory that has to be read again, and will be, since no page of it is good any more. */
export function misledBy(
  { volume, clock, floors, stamps }: MisledInit,
  record: InodeRecord,
  error: unknown,
): InodeRecord | undefined {
  if (!isAboutPath(error)) return undefined
  const { parent } = record
  const now = clock.now()
  if (parent === undefined || now - parent.suspectedMs < SUSPECT_EVERY_MS) return undefined
  parent.suspectedMs = now
  // All who were misled by one state of the page ask for one newer than that, and share it.
  const misled = Math.max(record.stamp, parent.newestPageStamp)
  const stamp = misled > 0 ? misled + 1 : stamps.tick()
  floors.raise({ volume, inode: parent.inode, stamp })
  return parent
}
