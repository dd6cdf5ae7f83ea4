// How long promises about locks are good for. All are durations: from before the question was sent for
// who asks, from when it is answered for who grants; so clocks need only run at the same rate.

/** A holder's lease; also for how long a voter vouches for a keeper, which bounds every lease. */
export const LEASE_MS = 12_000
/** So often a holder renews its leases, and a keeper has itself vouched for. */
export const RENEW_MS = 2_000
/** How long a lock that need not wait may take to be had, whatever befalls its keepers. */
export const PATIENCE_MS = 30_000
