// Which of two changes was the later one, where it can be known.
//
// A change was made at some moment between its beginning and its stamp, which is read when the storage
// has answered: mostly milliseconds, but seconds where the storage stood still in between, and others
// may have made, and told, further changes meanwhile. Stamps of two clocks say which was first where
// those times lie apart by more than clocks may; closer together, of an inode, the source's own clock
// does, which changes the ctime with all else.
import type { Attributes, Stamp } from '../ports/messages.ts'
import { floorOf, stampAt } from './stamp.ts'

/** How far apart stamps have to be to say what was first. */
export const SKEW: Stamp = floorOf(0)

/** When an inode last changed, by the source's clock. */
export type ChangeTime = Pick<Attributes, 'ctimeSeconds' | 'ctimeNanos'>

/** `begun`: not before that. @default its stamp */
export type When = { readonly stamp: Stamp; readonly begun?: Stamp | undefined }

/** A state of an inode, and when it came to be. */
export type Dated = When & { readonly attributes: Attributes }

/** When a change was begun that took so long. */
export function begunAt(stamp: Stamp, tookMs: number): Stamp {
  return stamp - stampAt(tookMs)
}

export function begunOf({ stamp, begun = stamp }: When): Stamp {
  return begun
}

/** Whether two clocks may say either of them first. */
export function isNear(a: When, b: When): boolean {
  return begunOf(a) - b.stamp <= SKEW && begunOf(b) - a.stamp <= SKEW
}

/** Whether `b` is the later of two states of an inode that were told, or as late. */
export function isLater(a: Dated, b: Dated): boolean {
  if (!isNear(a, b)) return b.stamp > a.stamp
  const difference = compareChanged(a.attributes, b.attributes)
  return difference === 0 ? b.stamp >= a.stamp : difference < 0
}

/**
 * Whether a reading shows an inode as it was before it was seen otherwise, whatever the stamps say: one
 * may be stamped ahead of its time, for an asker's floor, by up to twice what clocks differ.
 */
export function isBehind(said: Dated, seen: When & { readonly changed: ChangeTime }): boolean {
  return said.stamp - seen.stamp < 2 * SKEW && compareChanged(said.attributes, seen.changed) < 0
}

/** Negative where the source changed an inode to the state `a` before `b`, by its own clock. */
export function compareChanged(a: ChangeTime, b: ChangeTime): number {
  return a.ctimeSeconds - b.ctimeSeconds || a.ctimeNanos - b.ctimeNanos
}
