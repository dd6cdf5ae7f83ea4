import { type Checker, type Load, nameOf } from '../watch/checker.ts'

const MIB = 1024 * 1024

/** The most of everything that a node may ever hold; what has none here is bounded by the kernel. */
const BOUNDS: Partial<Record<keyof Load, number>> = {
  // What peers may start, and a margin for this node's own programs.
  flights: 4096 + 256,
  // Read-ahead's own, and one of each trace being followed.
  prefetches: 256 + 64,
  floors: 100_000,
  rumorLives: 16_384,
  // One rumor more than the bound may be here while room is made.
  rumorBytes: 33 * MIB,
  referrals: 4096,
  warmJobs: 4,
  // The budget, and what was begun before it was used up.
  queuedBytes: 2 * 16 * MIB,
}

/** Every queue stays within its bound, at every moment. */
export function queueBounds(bounds: Partial<Record<keyof Load, number>> = BOUNDS): Checker {
  const told = new Set<string>()
  const entries = Object.entries(bounds) as [keyof Load, number][]
  let say: (what: string) => void
  return {
    name: 'queue-bounds',
    begin: (_, report) => void (say = report),
    busy: (who, load) => {
      for (const [name, bound] of entries) {
        if (load[name] <= bound) continue
        const which = `${nameOf(who)}: ${name}`
        if (!told.has(which)) say(`${which} ${load[name]}, over the bound of ${bound}`)
        told.add(which)
      }
    },
  }
}
