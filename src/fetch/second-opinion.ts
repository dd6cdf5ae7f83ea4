// What is left to do when the mesh says that the source failed, before a program is told.
import type { Key, PeerId, Want } from '../ports/messages.ts'
import { ERRNO_CODES, PotluckError } from '../base/errors.ts'
import { compareDistance } from '../placement/distance.ts'
import type { PeerTable } from '../placement/peer-table.ts'

const errnoCodes: ReadonlySet<string> = new Set(ERRNO_CODES)

/** Whether another way to the source might give another answer. */
export function isWorthAsking(error: unknown, hasSource: boolean): boolean {
  const code = error instanceof PotluckError ? error.code : 'EIO'
  return hasSource ? errnoCodes.has(code) : code === 'EIO'
}

/**
 * Who would be the key's home if its home were not there: one more look at the source, and the same
 * peer for all who were told the same. Undefined where that is this node itself.
 */
export function nextInLine(table: PeerTable, key: Key): PeerId | undefined {
  const next = table.closest(key, 2)[1]
  if (next === undefined) return undefined
  return compareDistance(key, next.position, table.self.position) < 0 ? next.peer : undefined
}

/** A page's flights differ by the name that is wanted: one may have to wait for what another need not. */
export function flightName(key: Key, { name }: Want): string {
  return name === undefined ? key : `${key}/${name}`
}
