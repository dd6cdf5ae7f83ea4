import type { Zone } from '../zones/zone.ts'
import type { ZoneTable } from '../zones/zone-table.ts'
import type { Freer } from './freer.ts'
import type { Pace } from './pace.ts'

/** Above this share of dead bytes a zone is collected though others are free. */
const WORTH_SHARE = 0.6
/** Below this, collecting gives back too little to go on for ever. */
const LEAST_SHARE = 0.12
/** Of what may live in the log: with more deletions than this they are gone after. */
const MANY_DELETIONS = 1 / 16
/** Of a zone: with fewer deletions that may go it is not worth the copying of the rest. */
const LEAST_DELETIONS = 1 / 64

export type Victims = {
  readonly zones: ZoneTable
  readonly pace: Pace
  readonly freer: Freer
}

/** The sealed zone to be collected next; undefined where none is worth it now. */
export function victimOf(victims: Victims): Zone | undefined {
  const { zones, pace } = victims
  const least = pace.isLow ? LEAST_SHARE : WORTH_SHARE
  const mostDead = highest(candidates(victims), (zone) => zones.deadShare(zone), least)
  if (mostDead !== undefined) return mostDead
  const isMany = zones.deletionBytes > zones.capacityBytes * MANY_DELETIONS
  return isMany ? deletionsIn(victims) : undefined
}

/**
 * A deletion stays as long as some zone holds what was dead when it came, and a zone that little dies
 * in is collected by nobody. So where deletions are many, the zone with the earliest death goes first,
 * and the zones whose deletions nothing needs any more.
 */
function deletionsIn(victims: Victims): Zone | undefined {
  const { zones } = victims
  const least = zones.usableBytes * LEAST_DELETIONS
  const free = highest(candidates(victims), (zone) => freeBytes(zones, zone), least)
  return free ?? highest(candidates(victims), ({ oldestDeath }) => -oldestDeath, -Infinity)
}

/** Of deletions that go with the zone. */
function freeBytes(zones: ZoneTable, zone: Zone): number {
  return zones.isSuperfluous(zone.newestDeletion, zone) ? zone.deletionBytes : 0
}

function candidates({ zones, freer }: Victims): Zone[] {
  return zones.zones.filter((zone) => {
    const isStuck = zone.isDamaged && zone.liveBytes > 0
    return zone.state === 'sealed' && !freer.has(zone) && !isStuck
  })
}

/** The zone with the highest number above `least`. */
function highest(
  zones: readonly Zone[],
  numberOf: (zone: Zone) => number,
  least: number,
): Zone | undefined {
  let best: Zone | undefined
  let most = least
  for (const zone of zones) {
    const number = numberOf(zone)
    if (number <= most) continue
    best = zone
    most = number
  }
  return best
}
