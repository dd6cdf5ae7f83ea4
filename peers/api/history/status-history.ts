// What a peer did over the last half hour, for a picture of it: a few numbers every ten seconds, taken
// from its status. For what lasts longer there is Prometheus. It must never grow past its bound, and
// never ask another peer.
import type { TierCounts } from '../../../src/node/mesh-node.ts'
import { type PeerStatus, TIERS } from '../protocol.ts'

const SAMPLE_MS = 10_000
const SAMPLES_MAX = 180

export type StatusSample = {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly peers: number
  readonly usedBytes: number
  readonly pinnedBytes: number
  readonly dirtyBytes: number
  /** Of all volumes since the peer started, by where they came from. */
  readonly bytes: Readonly<TierCounts>
}

export type StatusHistory = {
  /** The oldest first; the last one is of now. */
  readonly samples: () => readonly StatusSample[]
  readonly stop: () => void
}

export function keepHistory(status: () => PeerStatus): StatusHistory {
  const samples: StatusSample[] = []
  const look = () => {
    samples.push(sampleOf(status()))
    if (samples.length > SAMPLES_MAX) samples.shift()
  }
  look()
  const timer = setInterval(look, SAMPLE_MS)
  return {
    samples: () => [...samples, sampleOf(status())],
    stop: () => clearInterval(timer),
  }
}

function sampleOf({ node, pins }: PeerStatus): StatusSample {
  const bytes = { shard: 0, peer: 0, source: 0 }
  for (const volume of node.volumes) {
    for (const tier of TIERS) bytes[tier] += volume.bytes[tier]
  }
  const { peers, ram, dirty } = node
  return {
    atMs: Date.now(),
    peers,
    usedBytes: ram.usedBytes,
    pinnedBytes: pins?.bytes ?? 0,
    dirtyBytes: dirty.bytes,
    bytes,
  }
}
