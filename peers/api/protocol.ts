// What goes over a peer's local API: HTTP on a Unix socket of the peer's own user. For this
// machine's programs and people only; nothing of it crosses the mesh, and no peer is asked through
// it by another. Paths, here as everywhere, are byte strings relative to the volume's root.
import type { ErrorCode } from '../../src/base/errors.ts'
import type { NodeStatus, TierCounts } from '../../src/node/mesh-node.ts'
import type { Attributes, Name } from '../../src/ports/messages.ts'
import type { WarmProgress } from '../../src/volume/warm.ts'

/** Where blocks come from, the nearest first. */
export const TIERS = ['shard', 'peer', 'source'] as const satisfies readonly (keyof TierCounts)[]

export type Counters = Readonly<Record<string, number>>

export type MountFacts = {
  readonly volume: string
  readonly mountPoint: string
  readonly counters: Counters
}

/** What the process knows beside what its node knows. */
export type PeerFacts = {
  readonly mesh: string
  readonly pid: number
  readonly addresses: readonly string[]
  readonly mounts: readonly MountFacts[]
  /** Calls made on each volume's source, by volume. */
  readonly sources: Readonly<Record<string, Counters>>
  readonly network: Counters
  /** Where uses are counted: what is held because it is hot, or was pinned by hand. */
  readonly pins?: { readonly files: number; readonly bytes: number; readonly capacityBytes: number }
  readonly rssBytes: number
}

export type PeerStatus = PeerFacts & { readonly node: NodeStatus }

export type Readiness = {
  readonly isReady: boolean
  /** Peers in sight, this one included. */
  readonly peers: number
  /** Volumes whose root page is not here yet. */
  readonly waitingFor: readonly string[]
}

export type WarmLine =
  | ({ readonly type: 'progress' | 'done' } & WarmProgress)
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }

export type ListLine =
  | { readonly type: 'entry'; readonly name: Name; readonly attributes: Attributes }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }

export type AttributesReply = {
  readonly attributes: Attributes
  /** A symbolic link's, as a byte string. */
  readonly target?: string
}

export type Failure = { readonly error: { readonly code: ErrorCode; readonly message: string } }

/** The most that a request may hold; more is refused, never cut off. */
export const API_LIMITS = {
  bodyBytes: 1024 * 1024,
  paths: 1024,
  pathBytes: 4096,
  nameBytes: 255,
  peers: 1_000_000,
  waitMs: 60_000,
  connections: 512,
} as const
