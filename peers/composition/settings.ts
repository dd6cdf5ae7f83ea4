// What a real node needs to be told, after every flag, environment variable and config file has
// been read and checked. The command line makes one of these; `real-node.ts` starts a node out of it.
// Nothing here parses text, and nothing here has a default: by now everything is decided.
import type { LogLevel } from '../../src/base/log.ts'
import type { HeatInit } from '../../src/node/heat/heat-status.ts'
import type { Ahead, Coherence, VolumeInit, WriteMode } from '../../src/node/mesh-node.ts'
import type { JoinTarget } from '../join/parse-join.ts'

export type NamedDirectory = { readonly volume: string; readonly directory: string }

/** Which code speaks FUSE: our own, to the kernel's device, or the fuse-native package. */
export type DriverName = 'kernel' | 'fuse-native'

export type Endpoint = { readonly host: string; readonly port: number }

export type PeerSettings = {
  readonly mesh: string
  /** File of the mesh key; made on first use. */
  readonly key: string
  /** File of this peer's private key; absent for a new identity at each start. */
  readonly identity?: string
  /** Multiaddrs. */
  readonly listen: readonly string[]
  /** Where to look for the mesh. */
  readonly join: readonly JoinTarget[]
  readonly sources: readonly NamedDirectory[]
  readonly mounts: readonly NamedDirectory[]
  readonly write: WriteMode
  /** With `--write back`. */
  readonly back: Pick<VolumeInit, 'flushOnClose' | 'dirtyBytes' | 'dirtyAgeMs'>
  readonly ramBytes: number
  /** The local disk behind the RAM. */
  readonly spill?: { readonly directory: string; readonly sizeBytes: number }
  readonly blockBytes?: number
  readonly inlineBytes?: number
  readonly readAheadBytes?: number
  readonly ahead: Ahead
  /** Absent: uses are not counted, and nothing is pinned. */
  readonly heat?: HeatInit
  /** Directory for what is learned; absent to keep it in memory alone. */
  readonly state?: string
  readonly coherence: Coherence
  /** With `strict`. */
  readonly leaseMs?: number
  readonly revalidateMs: number
  readonly sourceTimeoutMs: number
  /** Path of the API's Unix socket. */
  readonly api: string
  readonly metrics?: Endpoint
  /** Connections are not encrypted: for an isolated network only. */
  readonly isPlaintext: boolean
  /** @default true for root, false for others */
  readonly allowOther?: boolean
  readonly driver: DriverName
  readonly logLevel: LogLevel
}

/** Every volume named by a source or a mount, once, sources first. */
export function volumeNames(settings: PeerSettings): readonly string[] {
  const named = [...settings.sources, ...settings.mounts]
  return [...new Set(named.map((each) => each.volume))]
}
