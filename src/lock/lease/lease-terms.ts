// How long promises about what is cached are good for. All are durations, as those about locks are.
import { LEASE_MS, RENEW_MS } from '../terms.ts'

/** A lease, unless the volume says otherwise; the same on all peers of a volume. */
export const STRICT_LEASE_MS = 5_000
/** No lease is longer: a keeper that nobody vouches for any more has given none that outlasts it. */
export const STRICT_LEASE_MAX_MS = 10_000
/**
 * So long after a roll is in force nothing counts that was leased by the one before: a keeper has itself
 * vouched for every RENEW_MS, and gives no lease that outlasts the last time by more than this.
 */
export function fadeMs(leaseMs: number): number {
  return Math.min(LEASE_MS, leaseMs + 2 * RENEW_MS)
}

/**
 * Of a lease, the part that its holder counts on. Clocks need only run at the same rate, give or take a
 * fiftieth.
 */
export const COUNTED_ON = 0.98
/** So often in the course of a lease it is renewed. */
export const RENEWALS = 4
/** What need not wait for a writer may take so long to be leased, whatever befalls its keeper. */
export const LEASE_PATIENCE_MS = 30_000
/** Who has not given a lease back so long after it was asked to gets no longer one by renewing. */
export const GIVE_BACK_MS = 1_000
